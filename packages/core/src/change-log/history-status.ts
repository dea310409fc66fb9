import type { HistoryStatus, LongOperationOptions } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { readOrigin, reasonForNoLog } from '../schema/change-log-table.ts';
import { abortable } from '../validation/abort.ts';
import { adoptInSteps } from './adopt-in-steps.ts';
import { lastSeqOf, type ChangeLog } from './change-log.ts';

/** Reads the state of the change log. */
export function readHistoryStatus(connection: SqliteConnection): HistoryStatus {
  const origin = readOrigin(connection);
  if (origin === undefined) {
    return { enabled: false, origin: null, lastSeq: 0, reason: reasonForNoLog(connection) };
  }
  return { enabled: true, origin, lastSeq: lastSeqOf(connection), reason: null };
}

/** Creates the change log, with an entry for every row, in one transaction; none where there is one. */
export function enableHistory(
  queue: OperationQueue,
  changeLog: ChangeLog,
  options: LongOperationOptions,
): Promise<void> {
  const operation = 'enableHistory';
  const enable = (): Promise<void> =>
    queue.withWriteTransaction(async () => {
      changeLog.begin();
      if (changeLog.origin !== undefined) return;
      await adoptInSteps(operation, changeLog.enable(), options);
    });
  const { signal } = options;
  return abortable(operation, signal, () => queue.enqueueExclusive(operation, [], enable, signal));
}

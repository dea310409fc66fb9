import { yieldToEventLoop } from '#queue/yield';
import type { HistoryStatus, LongOperationOptions } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';
import { abortable, throwIfAborted } from '../validation/abort.ts';
import type { ChangeLog } from './change-log.ts';

/** Reads the state of the change log. */
export function readHistoryStatus(connection: SqliteConnection): HistoryStatus {
  const origin = readOrigin(connection);
  if (origin === undefined) return { enabled: false, origin: null, lastSeq: 0 };
  const [last] = connection.get(`SELECT max(seq) FROM ${CHANGE_LOG.name}`) ?? [];
  return { enabled: true, origin, lastSeq: Number(last ?? 0) };
}

/** Creates the change log, with an entry for every row, in one transaction; none where there is one. */
export function enableHistory(
  queue: OperationQueue,
  changeLog: ChangeLog,
  { signal, onProgress }: LongOperationOptions,
): Promise<void> {
  const operation = 'enableHistory';
  const enable = (): Promise<void> =>
    queue.withWriteTransaction(async () => {
      changeLog.begin();
      if (changeLog.origin !== undefined) return;
      let done = 0;
      for (const rows of changeLog.enable()) {
        throwIfAborted(operation, signal);
        done += rows;
        onProgress?.({ stage: 'adopt', done, total: undefined, unit: 'rows' });
        await yieldToEventLoop();
      }
    });
  return abortable(operation, signal, () => queue.enqueueExclusive(operation, [], enable, signal));
}

import type { ChangeLog } from '../change-log/change-log.ts';
import { everyRow } from '../change-log/removals.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { recordImportedReceipts } from '../schema/metadata.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { refuseWhileHeld } from './hold-record.ts';
import { vacuum } from './vacuum.ts';

/** Deletes every row of every table, with the earlier versions in the change log, and gives their room back. */
export function reset(
  connection: SqliteConnection,
  queue: OperationQueue,
  changeLog: ChangeLog,
  clock: () => Date,
): Promise<void> {
  return queue.enqueueExclusive('reset', TABLE_NAMES, async () => {
    await queue.withWriteTransaction(async () => {
      refuseWhileHeld(connection, 'reset');
      changeLog.begin();
      const deleted = everyRow(connection, 'reset', changeLog.origin);
      for (const table of TABLE_NAMES) connection.run(`DELETE FROM ${table}`);
      recordImportedReceipts(connection, 0, clock());
      if (changeLog.origin === undefined) return;
      for (const _ of changeLog.restart(deleted));
    });
    await vacuum(connection, queue);
  });
}

import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { recordImportedReceipts } from '../schema/metadata.ts';
import { TABLE_NAMES } from '../tables/index.ts';
import { vacuum } from './vacuum.ts';

/** Deletes every row of every table and gives their room back. */
export function reset(connection: SqliteConnection, queue: OperationQueue, clock: () => Date): Promise<void> {
  return queue.enqueueExclusive('reset', TABLE_NAMES, async () => {
    await queue.withWriteTransaction(async () => {
      for (const table of TABLE_NAMES) connection.run(`DELETE FROM ${table}`);
      recordImportedReceipts(connection, 0, clock());
    });
    await vacuum(connection, queue);
  });
}

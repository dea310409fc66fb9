import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';

/** Within exclusive work: gives the room of deleted rows back to the storage (VACUUM). */
export function vacuum(connection: SqliteConnection, queue: OperationQueue): Promise<void> {
  const run = (): void => {
    connection.exec('VACUUM');
    // Until the checkpoint the smaller database is in the log, and the file is as large as before.
    connection.checkpoint();
  };
  return queue.retryTransient(() => connection.durable.writeTransaction(run));
}

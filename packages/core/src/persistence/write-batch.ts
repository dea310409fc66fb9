import type { RecordBatch, RecordedBatch } from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { TABLES } from '../tables/index.ts';
import { checkFields, checkList } from '../validation/arguments.ts';
import { toTimestamp } from '../validation/timestamps.ts';

/** Rows from which preparing the statements anew costs less than it spares. */
const REPEATING_ROWS = 20;

/**
 * Writes the rows of a batch in one transaction. Every row is checked before anything is queued.
 * @throws {PersistenceError} INVALID_ARGUMENT, INVALID_JSON, DUPLICATE_EXECUTION
 */
export async function writeBatch(
  connection: SqliteConnection,
  queue: OperationQueue,
  changeLog: ChangeLog,
  clock: () => Date,
  operation: string,
  batch: RecordBatch,
): Promise<RecordedBatch> {
  checkFields({ operation, name: 'batch' }, batch);
  const prepared = TABLES.map((table) => {
    const { [table.batchKey]: given = [] } = batch;
    const rows = checkList<object>({ operation, name: table.batchKey }, given);
    return { table, inserts: rows.map((row) => table.prepare(operation, row)) };
  });
  const tables = prepared.flatMap(({ table, inserts }) => (inserts.length > 0 ? [table.name] : []));
  const writeRows = (): RecordedBatch => {
    const context = { connection, now: toTimestamp(clock()), log: changeLog.noteRow };
    return Object.fromEntries(
      prepared.map(({ table, inserts }) => [table.batchKey, inserts.map((insert) => insert(context))]),
    ) as unknown as RecordedBatch;
  };
  const count = prepared.reduce((sum, { inserts }) => sum + inserts.length, 0);
  const write = count < REPEATING_ROWS ? writeRows : (): RecordedBatch => connection.repeating(writeRows);
  // Without any insert nothing is written, so nothing has to be queued.
  return tables.length === 0 ? write() : queue.enqueueWrite(operation, tables, write);
}

import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { throwIfAborted } from '../validation/abort.ts';
import type { LongOperationOptions } from '../api/persistence.ts';
import { yieldToEventLoop } from '#queue/yield';

const OPERATION = 'cleanup';
const BATCH_ROWS = 2000;

/** The tables that age, and the column that says how old a row is. Memory does not age. */
const AGEING = [
  { table: 'receipts', time: 'created_at' },
  { table: 'audit_log', time: 'timestamp' },
] as const;

/** How many rows of each table are (or were) too old. */
export interface OldRows {
  readonly receipts: number;
  readonly audit_log: number;
}

/** Counts the rows older than a time. */
export function countOldRows(connection: SqliteConnection, before: string): OldRows {
  const count = (table: string, time: string): number =>
    Number(connection.get(`SELECT count(*) FROM ${table} WHERE ${time} < ?`, [before])?.[0]);
  const [receipts, audit] = AGEING.map(({ table, time }) => count(table, time));
  return { receipts: receipts ?? 0, audit_log: audit ?? 0 };
}

/** Deletes the rows older than a time, some at a time so that it can be stopped. The caller holds a transaction. */
export async function deleteOldRows(
  connection: SqliteConnection,
  before: string,
  { signal, onProgress }: LongOperationOptions,
): Promise<OldRows> {
  const deleted = { receipts: 0, audit_log: 0 };
  for (const { table, time } of AGEING) {
    for (let batch = -1; batch !== 0;) {
      throwIfAborted(OPERATION, signal);
      batch = connection.run(
        `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${time} < ? LIMIT ${BATCH_ROWS})`,
        [before],
      );
      deleted[table] += batch;
      onProgress?.({ stage: table, done: deleted[table], total: undefined, unit: 'rows' });
      await yieldToEventLoop();
    }
  }
  return deleted;
}

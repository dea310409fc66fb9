import { seedAuditEntry, seedReceipt } from '../../dataset/rows.ts';
import {
  auditValues,
  INSERT_AUDIT_SQL,
  INSERT_RECEIPT_SQL,
  receiptValues,
} from '../../dataset/statements.ts';
import type { SqlConnection } from '../sql-session.ts';
import type { SeedSource } from './browser-engine.ts';

const ROWS_PER_TRANSACTION = 10_000;

/** Makes the schema and inserts every row of a seed. */
export async function fillByRows(connection: SqlConnection, { seed, schema }: SeedSource): Promise<void> {
  for (const sql of schema) await connection.run(sql);
  for (let from = 0; from < seed.rowCount; from += ROWS_PER_TRANSACTION) {
    await connection.run('BEGIN');
    for (let index = from; index < Math.min(from + ROWS_PER_TRANSACTION, seed.rowCount); index++) {
      await connection.run(INSERT_RECEIPT_SQL, receiptValues(seedReceipt(seed, index)));
      await connection.run(INSERT_AUDIT_SQL, auditValues(seedAuditEntry(seed, index)));
    }
    await connection.run('COMMIT');
  }
}

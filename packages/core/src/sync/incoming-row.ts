/** A row of another database: its values, checked against their hash and the rules of the table. */
import type { IncomingChange, RefusedChange } from '../api/persistence.ts';
import { leafOf } from '../change-log/canonical-form.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { bytesInHex } from '../hashing/hex.ts';
import { insertRowSql, isRefusedValue } from '../tables/insert-row.ts';
import { tableNamed } from '../tables/index.ts';
import { recordColumn } from '../tables/record-lookup.ts';
import { redactedReceiptId } from '../tables/redaction.ts';
import { rowProblem, valuesOf, type AnyTable, type WriteContext } from '../tables/table.ts';

/** What the changes of a batch are stored with, in one transaction. */
export interface IncomingContext extends WriteContext {
  readonly changeLog: ChangeLog;
}

/** What a change did. */
export type IncomingOutcome = 'stored' | 'present' | 'conflict' | 'removed' | RefusedChange;

/** A row that can be stored. */
export interface IncomingRow {
  readonly table: AnyTable;
  readonly values: readonly SqlValue[];
  readonly leaf: string;
}

/** Returns the hash of a row in hexadecimal digits. */
export function leafInHex(table: AnyTable, values: readonly SqlValue[]): string {
  return bytesInHex(leafOf(table.name, values));
}

/** Checks the row of a change. @returns the reason why it is refused, as a text */
export function checkIncomingRow({ table: name, id, row, leaf, kind }: IncomingChange): IncomingRow | string {
  const table = tableNamed(name);
  const values = valuesOf(table, row ?? {});
  const computed = leafInHex(table, values);
  if (kind === 'saved' && computed !== leaf) return 'the row does not have its hash';
  const idColumn = table.columns.findIndex(({ column }) => column === recordColumn(name));
  if (values[idColumn] !== id) return 'the row has another id';
  const isRedactedReceipt = redactedReceiptId(table, row ?? {}) !== undefined;
  const problem = isRedactedReceipt ? undefined : rowProblem(table, row ?? {}, false);
  return problem ?? { table, values, leaf: computed };
}

/** Inserts a row as it is, and notes it. @returns false when it breaks a constraint */
export function insertIncoming(context: IncomingContext, { table, values }: IncomingRow): boolean {
  const { connection, log, changeLog } = context;
  try {
    if (connection.run(`${insertRowSql(table, connection, values)} ON CONFLICT DO NOTHING`, values) === 0)
      return false;
  } catch (error) {
    if (isRefusedValue(error)) return false;
    throw error;
  }
  log?.({ table: table.name, values });
  const redacted = redactedReceiptId(table, rowOf(table, values));
  if (redacted !== undefined) changeLog.noteImportedRedactions(table.name, [redacted]);
  return true;
}

/** Stores a receipt or an audit entry, unless one with its id is here. */
export function applyRow(context: IncomingContext, change: IncomingChange): IncomingOutcome {
  const { table: name, id } = change;
  const checked = checkIncomingRow(change);
  if (typeof checked === 'string') return { table: name, id, reason: checked };
  if (insertIncoming(context, checked)) return 'stored';
  return isStored(context.connection, checked.table, id)
    ? 'present'
    : { table: name, id, reason: `another row here has its ${checked.table.uniqueColumn ?? 'values'}` };
}

function isStored(connection: SqliteConnection, table: AnyTable, id: string): boolean {
  return (
    connection.get(`SELECT 1 FROM ${table.name} WHERE ${recordColumn(table.name)} = ?`, [id]) !== undefined
  );
}

function rowOf(table: AnyTable, values: readonly SqlValue[]): Record<string, SqlValue> {
  return Object.fromEntries(table.columns.map(({ field }, index) => [field, values[index] ?? null]));
}

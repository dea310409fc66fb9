/** Single records, by the id that a user has of them: a receipt, the memory of an agent, an audit entry. */
import { PersistenceError } from '../api/errors.ts';
import type { RecordLookup, TableName } from '../api/persistence.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { checkFields, checkRequired, checkText } from '../validation/arguments.ts';
import { tableNamed } from './index.ts';
import { keepBytes, TextBytes } from './stored-bytes.ts';
import { selectList, type AnyTable } from './table.ts';

/** Table and column of each option of a {@link RecordLookup}. */
export const RECORD_OPTIONS = {
  receiptId: { table: 'receipts', column: 'receipt_id', name: 'receipt' },
  agentId: { table: 'agent_memory', column: 'agent_id', name: 'memory of agent' },
  auditId: { table: 'audit_log', column: 'audit_id', name: 'audit entry' },
} as const;

/** A checked {@link RecordLookup}. */
export interface RecordKey {
  readonly table: AnyTable;
  readonly column: string;
  readonly id: string;
}

/** A stored record. */
export interface FoundRecord {
  readonly rowid: SqlValue;
  /** Values of the columns, in the order of the table. */
  readonly values: readonly SqlValue[];
}

/** Checks which record is meant. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkRecord(operation: string, given: RecordLookup): RecordKey {
  const options = checkFields({ operation, name: 'record' }, given);
  const names = Object.keys(RECORD_OPTIONS) as (keyof typeof RECORD_OPTIONS)[];
  const [name, ...others] = names.filter((each) => options[each] !== undefined);
  if (name === undefined || others.length > 0) {
    throw new PersistenceError('INVALID_ARGUMENT', `Give one of ${names.join(', ')}`, { operation });
  }
  checkRequired(operation, { [name]: options[name] });
  const { table, column } = RECORD_OPTIONS[name];
  return { table: tableNamed(table), column, id: checkText({ operation, name }, options[name]) };
}

/** Returns the column of a table whose values users have as the ids of its records. */
export function recordColumn(table: TableName): string {
  return table === 'agent_memory'
    ? RECORD_OPTIONS.agentId.column
    : (tableNamed(table).columns[0]?.column ?? '');
}

/** Names a record in messages. */
export function describeRecord({ table, id }: RecordKey): string {
  const option = Object.values(RECORD_OPTIONS).find((each) => each.table === table.name);
  return `${option?.name ?? table.name} ${JSON.stringify(id)}`;
}

/** Finds a record. */
export function findRecord(
  connection: SqliteConnection,
  { table, column, id }: RecordKey,
): FoundRecord | undefined {
  const row = connection.get(`SELECT rowid, ${selectList(table)} FROM ${table.name} WHERE ${column} = ?`, [
    id,
  ]);
  if (row === undefined) return undefined;
  const columns = table.columns.map((each) => each.column);
  keepBytes(connection, table.name, columns, row, 1, TextBytes);
  const [rowid = null, ...values] = row;
  return { rowid, values };
}

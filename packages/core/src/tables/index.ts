/**
 * The registry of tables. A table is one file in this folder, one line here and its name in `table-names.ts`, beside its migration and its types in `api`; schema checks, queries, batches,
 * backups, cleanup, reset and verify go by this list.
 */
import type { TableName } from '../api/persistence.ts';
import { agentMemoryTable } from './agent-memory.ts';
import { auditLogTable } from './audit-log.ts';
import { receiptsTable } from './receipts.ts';
import { TABLE_NAMES } from './table-names.ts';
import type { AnyTable, Column } from './table.ts';

/** Every table by name. A table that the API names but this record lacks does not compile. */
const TABLE_BY_NAME: Readonly<Record<TableName, AnyTable>> = {
  receipts: receiptsTable,
  agent_memory: agentMemoryTable,
  audit_log: auditLogTable,
};

/** Every table, in the order of backups and reports. */
export const TABLES: readonly AnyTable[] = TABLE_NAMES.map((name) => TABLE_BY_NAME[name]);

/** Returns a table by its name. */
export function tableNamed(name: TableName): AnyTable {
  return TABLE_BY_NAME[name];
}

/** Columns of a table, in order, as `encodeRows` takes them. */
export function columnsOfTable(table: TableName): readonly Column[] {
  return TABLE_BY_NAME[table].columns;
}

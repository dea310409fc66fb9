/** Checks that tables with the names of this program's tables are those tables. */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { PersistenceError } from '../api/errors.ts';
import type { TableProblem } from '../api/persistence.ts';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { TABLES } from '../tables/index.ts';
import type { AnyTable } from '../tables/table.ts';
import { CHANGE_LOG, readOrigin } from './change-log-table.ts';
import { findColumnProblem, type StoredColumn } from './column-check.ts';
import { findIndexProblem } from './index-check.ts';
import { findInsertProblem } from './insert-check.ts';
import { METADATA_COLUMNS, METADATA_TABLE } from './metadata.ts';
import { OWN_INDEXES } from './migrations/index.ts';
import { schemaMismatch, type SchemaProblem } from './schema-problem.ts';
import { findSchemaCode } from './trigger-guard.ts';

/** A table that the schema must have. It may have more columns. */
export interface RequiredTable {
  readonly name: string;
  /** The id of a row first. */
  readonly columns: readonly StoredColumn[];
  /** Column that must be unique on its own. */
  readonly uniqueColumn: string | undefined;
}

const METADATA: RequiredTable = { name: METADATA_TABLE, columns: METADATA_COLUMNS, uniqueColumn: 'key' };

const REQUIRED_TABLES: readonly RequiredTable[] = [...TABLES, METADATA];

/** The change log, where there is one. Its numbers stand for the rowids of SQLite, so no statement has to give them. */
const OPTIONAL_TABLE: RequiredTable = {
  name: CHANGE_LOG.name,
  columns: CHANGE_LOG.columns.slice(1),
  uniqueColumn: undefined,
};

/**
 * Checks the table of metadata if it exists, before anything is read from it. Changes nothing.
 * @throws {PersistenceError} SCHEMA_MISMATCH
 */
export function checkMetadataTable(connection: SqliteConnection): void {
  checkExistingTables(connection, 0, [METADATA]);
}

/**
 * Checks every table of this program. Changes nothing.
 * @param version - migrations that the database has taken; tables and columns of later ones may be missing
 * @throws {PersistenceError} SCHEMA_MISMATCH
 */
export function checkExistingTables(
  connection: SqliteConnection,
  version: number,
  tables: readonly RequiredTable[] = TABLES,
): void {
  for (const table of tables) {
    const columns = table.columns.filter(({ addedIn = 0 }) => addedIn <= version);
    const mayBeMissing = version === 0 || columns.length === 0;
    if (mayBeMissing && columnsOf(connection, table.name).length === 0) continue;
    const problem = findTableProblem(connection, { ...table, columns });
    if (problem !== undefined) throw schemaMismatch(problem);
  }
  if (tables !== TABLES || version === 0 || !hasChangeLog(connection)) return;
  const problem = findTableProblem(connection, OPTIONAL_TABLE);
  if (problem !== undefined) throw schemaMismatch(problem);
}

/** Lists the tables that are missing or that a save could fail or lose rows in, each with its first problem. */
export function findTableProblems(
  connection: SqliteConnection,
): readonly (readonly [table: string, SchemaProblem])[] {
  return [...REQUIRED_TABLES, ...(hasChangeLog(connection) ? [OPTIONAL_TABLE] : [])].flatMap((table) => {
    const problem = findTableProblem(connection, table);
    return problem === undefined ? [] : [[table.name, problem] as const];
  });
}

/** True for a database with a change log; the table of metadata may be missing or that of another program. */
function hasChangeLog(connection: SqliteConnection): boolean {
  const present = columnsOf(connection, METADATA_TABLE);
  return ['key', 'value'].every((column) => present.includes(column)) && readOrigin(connection) !== undefined;
}

function findTableProblem(connection: SqliteConnection, table: RequiredTable): SchemaProblem | undefined {
  const { name, columns } = table;
  const names = columns.map(({ column }) => column);
  const present = columnsOf(connection, name);
  if (present.length === 0) return { reason: `the table ${name} is missing` };
  const missing = names.filter((column) => !present.includes(column));
  if (missing.length > 0) return { reason: `the table ${name} has no column ${missing.join(', ')}` };
  if (
    !connection.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", [name])
  ) {
    return { reason: `${name} is not a table` };
  }
  try {
    return (
      findSchemaCode(connection, name, names) ??
      findColumnProblem(connection, name, columns) ??
      findIndexProblem(connection, table) ??
      findInsertProblem(connection, name, columns)
    );
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.ERROR) throw error;
    return { reason: `rows of the table ${name} cannot be written (${(error as Error).message})` };
  }
}

/** Lists the tables that cannot be queried, each with the reason. Changes nothing. */
export function tableProblems(connection: SqliteConnection): TableProblem[] {
  return TABLES.flatMap((table) => {
    const reason = queryProblem(connection, table);
    return reason === undefined ? [] : [{ table: table.name, reason }];
  });
}

function queryProblem(connection: SqliteConnection, { name, columns }: AnyTable): string | undefined {
  const present = columnsOf(connection, name);
  if (present.length === 0) return `the table ${name} is missing`;
  const missing = columns.filter(({ column }) => !present.includes(column)).map(({ column }) => column);
  if (missing.length > 0) return `the table ${name} has no column ${missing.join(', ')}`;
  const isRowidTable = connection.get(
    "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT wr AND name = ? COLLATE NOCASE",
    [name],
  );
  if (!isRowidTable) return `${name} is not a table with rowids`;
  const there = new Set(
    connection.all('SELECT name FROM pragma_index_list(?)', [name]).map(([index]) => index),
  );
  const index = OWN_INDEXES.find((own) => own.table === name && !there.has(own.name));
  return index && `the table ${name} has no index ${index.name}`;
}

/** Lists the columns of a table; none if the table does not exist. */
export function columnsOf(connection: SqliteConnection, table: string): string[] {
  return connection.all('SELECT name FROM pragma_table_info(?)', [table]).map(([name]) => String(name));
}

/** True when a database holds nothing yet, as a new file does. */
export function isEmpty(connection: SqliteConnection): boolean {
  return connection.get('SELECT 1 FROM sqlite_schema LIMIT 1') === undefined;
}

/** Lists the tables of other programs, in the order of their creation. */
export function otherTables(connection: SqliteConnection): string[] {
  const own = new Set(
    [...REQUIRED_TABLES, ...(hasChangeLog(connection) ? [OPTIONAL_TABLE] : [])].map(({ name }) => name),
  );
  return connection
    .all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY rowid")
    .map(([name]) => String(name))
    .filter((name) => !own.has(name.toLowerCase()));
}

/**
 * Checks that a database to take data from is one of this program or of the original scripts: it has at least one table
 * of theirs. Any other one would count as an empty database.
 * @param orElse - another way out, for the hint
 * @throws {PersistenceError} SCHEMA_MISMATCH
 */
export function assertHoldsOwnTables(
  connection: SqliteConnection,
  operation: string,
  orElse: string = '',
): void {
  if (TABLES.some(({ name }) => columnsOf(connection, name).length > 0)) return;
  const names = TABLES.map(({ name }) => name).join(', ');
  throw new PersistenceError(
    'SCHEMA_MISMATCH',
    `This is not a database of ggen-sim: it has none of the tables ${names}; it holds ${listed(otherTables(connection))}`,
    { operation, hint: `Nothing was changed. Choose a file that ggen-sim made${orElse}.` },
  );
}

/** Lists the first names of others, quoted because they may be anything. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no tables';
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name));
  return names.length > shown.length
    ? `${shown.join(', ')} and ${names.length - shown.length} more`
    : shown.join(', ');
}

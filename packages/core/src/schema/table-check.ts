/** Checks that tables with the names of this program's tables are those tables. */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { PersistenceError } from '../api/errors.ts';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { TABLES } from '../tables/index.ts';
import type { Column } from '../tables/table.ts';
import { findLossyColumn } from './column-check.ts';
import { METADATA_COLUMNS, METADATA_TABLE } from './metadata.ts';
import { findSchemaCode } from './trigger-guard.ts';

/** A table that the schema must have. It may have more columns. */
export interface RequiredTable {
  readonly name: string;
  readonly columns: readonly Pick<Column, 'column' | 'holds' | 'addedIn'>[];
  /** Column that must be unique on its own. */
  readonly uniqueColumn: string | undefined;
}

const METADATA: RequiredTable = { name: METADATA_TABLE, columns: METADATA_COLUMNS, uniqueColumn: 'key' };

const REQUIRED_TABLES: readonly RequiredTable[] = [...TABLES, METADATA];

/**
 * Checks the table of metadata if it exists, before anything is read from it. Changes nothing.
 * @throws {PersistenceError} SCHEMA_MISMATCH
 */
export function checkMetadataTable(connection: SqliteConnection): void {
  checkExistingTables(connection, 0, [METADATA]);
}

/**
 * Checks every table of this program that exists. Changes nothing.
 * @param version - migrations that the database has taken; columns of later ones may be missing
 * @throws {PersistenceError} SCHEMA_MISMATCH
 */
export function checkExistingTables(
  connection: SqliteConnection,
  version: number,
  tables: readonly RequiredTable[] = TABLES,
): void {
  for (const table of tables) {
    const columns = table.columns.filter(({ addedIn = 0 }) => addedIn <= version);
    if (columnsOf(connection, table.name).length > 0) checkTable(connection, { ...table, columns });
  }
}

function checkTable(connection: SqliteConnection, { name, columns, uniqueColumn }: RequiredTable): void {
  const names = columns.map(({ column }) => column);
  const missing = missingColumns(connection, name, names);
  if (missing.length > 0) throw schemaMismatch(`the table ${name} has no column ${missing.join(', ')}`);
  if (
    !connection.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", [name])
  ) {
    throw schemaMismatch(`${name} is not a table`);
  }
  let code: string | undefined;
  let lossy: string | undefined;
  try {
    code = findSchemaCode(connection, name, names);
    lossy = findLossyColumn(connection, name, columns);
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.ERROR) throw error;
    throw schemaMismatch(`rows of the table ${name} cannot be written (${(error as Error).message})`);
  }
  if (code !== undefined) {
    throw schemaMismatch(`writing to ${name} would run ${code} that does not belong to this program`);
  }
  if (lossy !== undefined) throw schemaMismatch(`in the table ${name}, ${lossy}`);
  if (uniqueColumn !== undefined && !isUnique(connection, name, uniqueColumn)) {
    throw schemaMismatch(`the column ${uniqueColumn} of the table ${name} is not unique`);
  }
}

/** Lists what the schema lacks, as `[table, columns]`; a missing table lacks all of its columns. */
export function findMissingColumns(
  connection: SqliteConnection,
): (readonly [table: string, columns: readonly string[]])[] {
  return REQUIRED_TABLES.map(
    ({ name, columns }) =>
      [
        name,
        missingColumns(
          connection,
          name,
          columns.map(({ column }) => column),
        ),
      ] as const,
  ).filter(([, missing]) => missing.length > 0);
}

/** Lists the columns of a table; none if the table does not exist. */
export function columnsOf(connection: SqliteConnection, table: string): string[] {
  return connection.all('SELECT name FROM pragma_table_info(?)', [table]).map(([name]) => String(name));
}

/** Lists the tables of other programs, in the order of their creation. */
export function otherTables(connection: SqliteConnection): string[] {
  const own = new Set(REQUIRED_TABLES.map(({ name }) => name));
  return connection
    .all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY rowid")
    .map(([name]) => String(name))
    .filter((name) => !own.has(name.toLowerCase()));
}

/**
 * Checks that a database to take data from is one of this program or of the original scripts: it has at least one table
 * of theirs. Any other one would count as an empty database.
 * @throws {PersistenceError} SCHEMA_MISMATCH
 */
export function assertHoldsOwnTables(connection: SqliteConnection, operation: string): void {
  if (TABLES.some(({ name }) => columnsOf(connection, name).length > 0)) return;
  const names = TABLES.map(({ name }) => name).join(', ');
  throw new PersistenceError(
    'SCHEMA_MISMATCH',
    `This is not a database of ggen-sim: it has none of the tables ${names}; it holds ${listed(otherTables(connection))}`,
    { operation, hint: 'Nothing was changed. Choose a file that ggen-sim made.' },
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

/** Makes a `SCHEMA_MISMATCH`. */
export function schemaMismatch(reason: string): PersistenceError {
  return new PersistenceError('SCHEMA_MISMATCH', `The database cannot be used: ${reason}`, {
    operation: 'open',
    hint: 'The file was left untouched. Choose another file, or restore a backup.',
  });
}

function missingColumns(connection: SqliteConnection, table: string, columns: readonly string[]): string[] {
  const present = columnsOf(connection, table);
  return columns.filter((column) => !present.includes(column));
}

function isUnique(connection: SqliteConnection, table: string, column: string): boolean {
  const found = connection.get(
    `SELECT 1 FROM pragma_index_list(?) AS list WHERE list."unique" AND NOT list.partial
       AND (SELECT group_concat(name || ' ' || coll) FROM pragma_index_xinfo(list.name) WHERE key) = ?`,
    [table, `${column} BINARY`],
  );
  return found !== undefined;
}

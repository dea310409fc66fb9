/**
 * The table `_change_log`: one entry for each row that was saved, adopted or deleted, in the order of the transactions.
 *
 * It is no numbered migration, because those are applied to every database. This table is in databases that this program
 * created, and in those where somebody asked for it. A database has it when `change_log_origin` in `_schema_metadata` is a
 * UUID and the table has these columns. A table or view of another program that has its name is left alone.
 */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { StoredTable } from '../tables/table.ts';
import { METADATA_TABLE, readMetadata, writeMetadata } from './metadata.ts';
import { schemaMismatch } from './schema-problem.ts';

/** The change log as backups see it. */
export const CHANGE_LOG: StoredTable = {
  name: '_change_log',
  columns: [
    { column: 'seq', field: 'seq', holds: 'number' },
    { column: 'at', field: 'at', holds: 'time' },
    { column: 'kind', field: 'kind' },
    { column: 'row_id', field: 'rowId', optional: true },
    { column: 'row_rowid', field: 'rowRowid', holds: 'number', optional: true },
    { column: 'leaf', field: 'leaf' },
    { column: 'body', field: 'body', optional: true },
  ],
  backupFile: 'change_log.json',
};

/**
 * `seq` has no AUTOINCREMENT, whose table `sqlite_sequence` would cost each commit one more page: entries are never removed
 * from the end, so the next number is always new. The index leads from a memory to its earlier versions.
 */
export const CHANGE_LOG_SQL = `
CREATE TABLE _change_log (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    row_id TEXT,
    row_rowid INTEGER,
    leaf BLOB NOT NULL,
    body TEXT
);
CREATE INDEX idx_change_log_memory ON _change_log (row_id) WHERE kind = 'memory.saved';
`;

const ORIGIN = 'change_log_origin';

/** True for the table of this program. Columns of another program may follow. */
const HAS_TABLE_SQL = `SELECT count(*) FROM pragma_table_info('${CHANGE_LOG.name}')
  WHERE name IN (${CHANGE_LOG.columns.map(({ column }) => `'${column}'`).join()}) AND (name <> 'seq' OR pk = 1)`;

/**
 * Reads the id of the database that the numbers of its change log belong to; undefined without a change log. The table of
 * metadata must exist.
 */
export function readOrigin(connection: SqliteConnection): string | undefined {
  const origin = readMetadata(connection, ORIGIN);
  return origin !== undefined && isUuid(origin) && hasOwnTable(connection) ? origin : undefined;
}

/** Says why a database has no change log; null when nobody asked for one. */
export function reasonForNoLog(connection: SqliteConnection): string | null {
  const type = typeOfForeign(connection);
  return (
    damageOf(connection) ?? (type === undefined ? null : `another program has a ${type} ${CHANGE_LOG.name}`)
  );
}

/**
 * Says how a change log came to be none any more: its table was dropped or replaced, or its id was removed. Undefined where
 * there is one, and where there never was any.
 */
export function damageOf(connection: SqliteConnection): string | undefined {
  const origin = readMetadata(connection, ORIGIN);
  if (hasOwnTable(connection)) {
    if (origin === undefined) return `the id of the change log was removed from ${METADATA_TABLE}`;
    return isUuid(origin) ? undefined : `the id of the change log in ${METADATA_TABLE} is no UUID`;
  }
  // A value of another form is that of another program.
  if (origin === undefined || !isUuid(origin)) return undefined;
  const type = typeOfForeign(connection);
  return type === undefined
    ? `the table ${CHANGE_LOG.name} was dropped`
    : `the table ${CHANGE_LOG.name} was dropped, and another program has a ${type} of that name`;
}

function hasOwnTable(connection: SqliteConnection): boolean {
  return connection.get(HAS_TABLE_SQL)?.[0] === CHANGE_LOG.columns.length;
}

/** Gives the database a new id, because the numbers of its change log begin anew. The caller holds a transaction. */
export function renewOrigin(connection: SqliteConnection, now: Date): void {
  writeMetadata(connection, ORIGIN, uuidv7(), now);
}

/** Tells what has the name of the change log in a database without one: a table or a view; undefined for nothing. */
export function typeOfForeign(connection: SqliteConnection): string | undefined {
  const [type] =
    connection.get('SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE', [CHANGE_LOG.name]) ?? [];
  return type === undefined ? undefined : String(type);
}

/**
 * Creates the change log. The caller holds a transaction.
 * @throws {PersistenceError} SCHEMA_MISMATCH when another program has a table, a view or an index of such a name
 */
export function createChangeLog(connection: SqliteConnection, now: Date): void {
  const type = typeOfForeign(connection);
  if (type !== undefined && hasOwnTable(connection)) {
    throw schemaMismatch({
      reason: `${damageOf(connection)}, so its entries belong to no database`,
      wayOut: `Put the id back, or drop the table (DROP TABLE ${CHANGE_LOG.name}) to have a new change log.`,
    });
  }
  if (type !== undefined) {
    throw schemaMismatch({
      reason: `another program has a ${type} ${CHANGE_LOG.name}, so the change log cannot be created`,
      wayOut: 'Rename or drop it to have a change log; without one, everything else works.',
    });
  }
  try {
    connection.exec(CHANGE_LOG_SQL);
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.ERROR) throw error;
    throw schemaMismatch({
      reason: `the change log cannot be created (${(error as Error).message})`,
      wayOut: 'Rename or drop what has that name; without a change log, everything else works.',
    });
  }
  renewOrigin(connection, now);
}

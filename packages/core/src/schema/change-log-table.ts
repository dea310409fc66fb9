/**
 * The table `_change_log`: one entry for each row that was saved, adopted or deleted, in the order of the transactions.
 *
 * It is no numbered migration, because those are applied to every database. This table is in databases that this program
 * created, and in those where somebody asked for it. `origin` in `_schema_metadata` says that a database has it.
 */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { v7 as uuidv7 } from 'uuid';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { StoredTable } from '../tables/table.ts';
import { readMetadata, writeMetadata } from './metadata.ts';
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

const ORIGIN = 'origin';

/** Reads the id of the database that the numbers of its change log belong to; undefined without a change log. */
export function readOrigin(connection: SqliteConnection): string | undefined {
  return readMetadata(connection, ORIGIN);
}

/** Gives the database a new id, because the numbers of its change log begin anew. The caller holds a transaction. */
export function renewOrigin(connection: SqliteConnection, now: Date): void {
  writeMetadata(connection, ORIGIN, uuidv7(), now);
}

/**
 * Creates the change log. The caller holds a transaction.
 * @throws {PersistenceError} SCHEMA_MISMATCH when another program has a table or an index of such a name
 */
export function createChangeLog(connection: SqliteConnection, now: Date): void {
  try {
    connection.exec(CHANGE_LOG_SQL);
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.ERROR) throw error;
    throw schemaMismatch({ reason: `the change log cannot be created (${(error as Error).message})` });
  }
  renewOrigin(connection, now);
}

/**
 * Brings a database to the schema that this program writes.
 *
 * 1. All pending migrations happen in one transaction, or none does.
 * 2. A database is refused untouched when its schema is newer, when a recorded migration is missing or edited, or when
 *    one of this program's tables lacks a column, or has a column or unique index that would refuse, change or confuse
 *    what is stored.
 * 3. It is refused as well when code of its schema (triggers, CHECK constraints, computed columns) would run on a write.
 * 4. A database of the original scripts has tables but no recorded migration. It is taken over with its rows.
 */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { sha256Hex } from '#hashing/sha256';
import { commitWhenReadersFinish } from '../engine/commit.ts';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import { PROGRAM_VERSION } from '../api/program-version.ts';
import { TABLES } from '../tables/index.ts';
import { toTimestamp } from '../validation/timestamps.ts';
import { createChangeLog, typeOfForeign } from './change-log-table.ts';
import { METADATA_TABLE, readMetadata, recordImportedReceipts, writeMetadata } from './metadata.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { isOwnSchema } from './own-schema.ts';
import { schemaMismatch } from './schema-problem.ts';
import { checkExistingTables, checkMetadataTable, columnsOf } from './table-check.ts';

/** A version of the original scripts ("1.0.0", "1") is not one of these; version 1 of this program records a migration. */
const OWN_VERSION = /^(?:[2-9]|[1-9]\d+)$/;

interface MigrationRecord {
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: string;
  readonly program: string;
}

/**
 * Applies the pending migrations, if there are any.
 * @param deadline - until when readers are waited for, on the clock of `performance.now()`
 * @param options.migrations - every migration that the program knows; tests pass their own
 * @param options.changeLog - true to give a database that has none of the tables a change log, unless another program has
 *   something of its name; false by default
 * @throws {PersistenceError} NEWER_SCHEMA, SCHEMA_MISMATCH
 * @throws {SqliteError} SQLITE_BUSY while another process writes, and when readers stay past the deadline
 */
export async function migrate(
  connection: SqliteConnection,
  now: Date,
  deadline: number,
  {
    migrations = MIGRATIONS,
    changeLog = false,
  }: { readonly migrations?: readonly Migration[]; readonly changeLog?: boolean } = {},
): Promise<void> {
  if (isCurrent(connection, migrations)) return;
  const applyPending = (): void => {
    // Another process may have migrated between the look and the lock.
    const version = appliedVersion(connection, migrations);
    const isNew = TABLES.every(({ name }) => columnsOf(connection, name).length === 0);
    for (const migration of migrations.slice(version)) apply(connection, migration, now);
    if (isNew && changeLog && typeOfForeign(connection) === undefined) createChangeLog(connection, now);
  };
  await connection.transaction('write', applyPending, {
    commit: () => commitWhenReadersFinish(connection, deadline),
  });
}

/**
 * Looks without a lasting lock: many processes open one file at once, and each commit waits for those that read. Two
 * reads may see the file before and after another process's migration, so a refusal is decided by one snapshot.
 */
function isCurrent(connection: SqliteConnection, migrations: readonly Migration[]): boolean {
  const look = (): boolean => appliedVersion(connection, migrations) === migrations.length;
  try {
    return look();
  } catch {
    return connection.snapshot(look);
  }
}

/** Checks the tables and counts the migrations that a database has taken. Changes nothing. */
function appliedVersion(connection: SqliteConnection, migrations: readonly Migration[]): number {
  if (isOwnSchema(connection)) return recordedVersion(connection, migrations);
  checkMetadataTable(connection);
  const version = recordedVersion(connection, migrations);
  checkExistingTables(connection, version);
  return version;
}

function recordedVersion(connection: SqliteConnection, migrations: readonly Migration[]): number {
  if (columnsOf(connection, METADATA_TABLE).length === 0) return 0;
  const stored = readMetadata(connection, 'schema_version');
  if (stored !== undefined && /^\d+$/.test(stored) && Number(stored) > migrations.length) {
    throw newerSchema(connection, Number(stored), migrations.length);
  }
  const records = connection.all(
    "SELECT key, value FROM _schema_metadata WHERE key GLOB 'migration_*' ORDER BY key",
  );
  // The original scripts kept a version of their own here ("1.0.0") and recorded no migrations.
  if (records.length === 0 && !(stored !== undefined && OWN_VERSION.test(stored))) return 0;
  for (const [index, [key, value]] of records.entries()) {
    const migration = migrations[index];
    const record = parseRecord(value);
    if (!migration || key !== recordKey(migration.version) || record?.checksum !== checksum(migration)) {
      throw schemaMismatch({
        reason: `the recorded migration ${String(key)} is not one that this program knows`,
      });
    }
  }
  if (stored !== String(records.length)) {
    throw schemaMismatch({
      reason: `schema_version is ${stored ?? 'missing'}, but ${records.length} migrations are recorded`,
    });
  }
  return records.length;
}

function apply(connection: SqliteConnection, migration: Migration, now: Date): void {
  const importsReceipts = migration.version === 1 && columnsOf(connection, 'receipts').length > 0;
  try {
    connection.exec(migration.sql);
  } catch (error) {
    // The whole transaction is rolled back. A name that the migration gives may be taken by something of another program.
    if (resultCodeOf(error) !== ResultCode.ERROR) throw error;
    throw schemaMismatch({ reason: `the migration ${migration.name} fails (${(error as Error).message})` });
  }
  const record: MigrationRecord = {
    name: migration.name,
    checksum: checksum(migration),
    applied_at: toTimestamp(now),
    program: PROGRAM_VERSION,
  };
  writeMetadata(connection, recordKey(migration.version), JSON.stringify(record), now);
  writeMetadata(connection, 'schema_version', String(migration.version), now);
  if (importsReceipts) {
    const [greatest] = connection.get('SELECT coalesce(max(rowid), 0) FROM receipts') ?? [0];
    recordImportedReceipts(connection, Number(greatest), now);
  }
}

function recordKey(version: number): string {
  return `migration_${String(version).padStart(4, '0')}`;
}

function checksum(migration: Migration): string {
  return sha256Hex(migration.sql);
}

function parseRecord(value: unknown): MigrationRecord | undefined {
  try {
    return JSON.parse(String(value)) as MigrationRecord;
  } catch {
    return undefined;
  }
}

function newerSchema(connection: SqliteConnection, version: number, known: number): PersistenceError {
  const recorded: unknown = parseRecord(readMetadata(connection, recordKey(version)) ?? null)?.program;
  const program = typeof recorded === 'string' ? `${recorded} or newer` : `newer than ${PROGRAM_VERSION}`;
  return new PersistenceError(
    'NEWER_SCHEMA',
    `The database has schema version ${version}; this program (${PROGRAM_VERSION}) knows up to ${known}`,
    { operation: 'open', hint: `Use ggen-sim ${program}. The file was left untouched.` },
  );
}

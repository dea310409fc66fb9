/**
 * Brings a database to the schema this program writes.
 *
 * 1. Everything pending happens in one transaction, or nothing does.
 * 2. A database with a newer schema, an edited or missing step, or a table of ours with other columns is refused
 *    untouched.
 * 3. So is one in which others' rules (triggers, CHECK constraints, computed columns) would run when we write.
 * 4. A database of the original scripts has tables but no steps recorded; it is adopted with its rows.
 *
 * `_schema_metadata` holds `schema_version`, one `migration_NNNN` per step (name, checksum, time, program), and
 * `adopted_receipts`: the greatest rowid among receipts whose ids we did not make.
 */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { sha256Hex } from '#hashing/sha256';
import { commitOnceReadersLeave } from '../engine/commit.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { resultCodeOf } from '../engine/error-mapping.ts';
import { PersistenceError } from '../api/errors.ts';
import { PROGRAM_VERSION } from '../api/program-version.ts';
import { toTimestamp } from '../validation/timestamps.ts';
import { agentMemoryTable } from '../tables/agent-memory.table.ts';
import { auditLogTable } from '../tables/audit-log.table.ts';
import { foreignRuleOf } from './trigger-guard.ts';
import { migrations, SCHEMA_VERSION, type Migration } from './migrations/index.ts';
import { receiptsTable } from '../tables/receipts.table.ts';

const OPERATION = 'open';
const IMPORTED_RECEIPTS = 'adopted_receipts';

/** Columns that make a table ours; more may be there. */
export const expectedColumns: ReadonlyMap<string, readonly string[]> = new Map([
  ...[receiptsTable, agentMemoryTable, auditLogTable].map((table): [string, readonly string[]] => [
    table.name,
    table.columns.map(({ column }) => column),
  ]),
  ['_schema_metadata', ['key', 'value', 'updated_at']],
]);

/** What the statements of this program rely on to find a row already there. */
const uniqueColumns: ReadonlyMap<string, string> = new Map([
  [receiptsTable.name, 'execution_id'],
  [agentMemoryTable.name, 'agent_id'],
  ['_schema_metadata', 'key'],
]);

interface StepRecord {
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: string;
  readonly program: string;
}

/**
 * Migrates, if there is anything to do.
 * @param deadline - until when readers are waited for, on the clock of `performance.now()`
 * @throws PersistenceError `NEWER_SCHEMA`, `SCHEMA_MISMATCH`
 * @throws SqliteError SQLITE_BUSY (5) while another process writes, and when readers stay past the deadline
 */
export async function migrate(connection: SqliteConnection, now: Date, deadline: number): Promise<void> {
  if (isCurrent(connection)) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have migrated between our look and our lock.
    const from = appliedVersion(connection);
    for (const migration of migrations.slice(from)) apply(connection, migration, now);
    await commitOnceReadersLeave(connection, deadline);
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

/** The greatest rowid among receipts taken over from the original scripts; 0 without any. */
export function importedReceipts(connection: SqliteConnection): number {
  return Number(readMetadata(connection, IMPORTED_RECEIPTS) ?? 0);
}

/** Says anew which receipts were taken over. The caller holds a transaction. */
export function recordImportedReceipts(connection: SqliteConnection, greatestRowid: number, now: Date): void {
  writeMetadata(connection, IMPORTED_RECEIPTS, String(greatestRowid), now);
}

/**
 * Looks without a lock that lasts: many processes open one file at once, and each commit waits for those that read.
 * What looks refused may be halves of two states, with another process's migration between them; one state decides.
 */
function isCurrent(connection: SqliteConnection): boolean {
  try {
    return appliedVersion(connection) === SCHEMA_VERSION;
  } catch {
    return connection.snapshot(() => appliedVersion(connection)) === SCHEMA_VERSION;
  }
}

/** How many of our steps a database has taken. Changes nothing. */
function appliedVersion(connection: SqliteConnection): number {
  refuseOtherTables(connection);
  if (columnsOf(connection, '_schema_metadata').length === 0) return 0;
  const stored = readMetadata(connection, 'schema_version');
  if (stored !== undefined && /^\d+$/.test(stored) && Number(stored) > SCHEMA_VERSION) {
    throw newerSchema(connection, Number(stored));
  }
  const steps = connection.all(
    "SELECT key, value FROM _schema_metadata WHERE key GLOB 'migration_*' ORDER BY key",
  );
  // The original scripts kept a version of their own here ("1.0.0") and recorded no steps.
  if (steps.length === 0 && !(stored !== undefined && /^[2-9]\d*$/.test(stored))) return 0;
  for (const [index, [key, value]] of steps.entries()) {
    const migration = migrations[index];
    const record = parseRecord(value);
    if (!migration || key !== stepKey(migration) || record?.checksum !== checksum(migration)) {
      throw mismatch(`the recorded step ${String(key)} is not the one this program knows`);
    }
  }
  if (stored !== String(steps.length)) {
    throw mismatch(`schema_version is ${stored ?? 'missing'} but ${steps.length} steps are recorded`);
  }
  return steps.length;
}

function apply(connection: SqliteConnection, migration: Migration, now: Date): void {
  const adopting = migration.version === 1 && columnsOf(connection, receiptsTable.name).length > 0;
  connection.exec(migration.sql);
  const record: StepRecord = {
    name: migration.name,
    checksum: checksum(migration),
    applied_at: toTimestamp(now),
    program: PROGRAM_VERSION,
  };
  writeMetadata(connection, stepKey(migration), JSON.stringify(record), now);
  writeMetadata(connection, 'schema_version', String(migration.version), now);
  if (adopting) {
    const [greatest] = connection.get('SELECT coalesce(max(rowid), 0) FROM receipts') ?? [0];
    recordImportedReceipts(connection, Number(greatest), now);
  }
}

function refuseOtherTables(connection: SqliteConnection): void {
  for (const [table, expected] of expectedColumns) {
    const columns = columnsOf(connection, table);
    if (columns.length === 0) continue;
    const missing = expected.filter((column) => !columns.includes(column));
    if (missing.length > 0) {
      throw mismatch(`a table ${table} of another kind is there, without ${missing.join(', ')}`);
    }
    if (
      !connection.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", [table])
    ) {
      throw mismatch(`${table} is no table`);
    }
    const key = uniqueColumns.get(table);
    if (key !== undefined && !isUnique(connection, table, key)) {
      throw mismatch(`a table ${table} of another kind is there, whose ${key} is not unique`);
    }
    refuseForeignRules(connection, table, expected);
  }
}

function refuseForeignRules(connection: SqliteConnection, table: string, columns: readonly string[]): void {
  let rule: string | undefined;
  try {
    rule = foreignRuleOf(connection, table, columns);
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.ERROR) throw error;
    throw mismatch(`a table ${table} of another kind is there (${(error as Error).message})`);
  }
  if (rule !== undefined) throw mismatch(`writing to ${table} would run ${rule} that is not this program's`);
}

function isUnique(connection: SqliteConnection, table: string, column: string): boolean {
  const found = connection.get(
    `SELECT 1 FROM pragma_index_list(?) AS list WHERE list."unique" AND NOT list.partial
       AND (SELECT group_concat(name) FROM pragma_index_info(list.name)) = ?`,
    [table, column],
  );
  return found !== undefined;
}

/** The columns of a table; none if there is no such table. */
export function columnsOf(connection: SqliteConnection, table: string): string[] {
  return connection.all('SELECT name FROM pragma_table_info(?)', [table]).map(([name]) => String(name));
}

/** What the metadata table holds under a key. */
export function readMetadata(connection: SqliteConnection, key: string): string | undefined {
  const row = connection.get('SELECT value FROM _schema_metadata WHERE key = ?', [key]);
  return row === undefined ? undefined : String(row[0]);
}

function writeMetadata(connection: SqliteConnection, key: string, value: string, now: Date): void {
  connection.run(
    `INSERT INTO _schema_metadata (key, value, updated_at) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
    [key, value, toTimestamp(now)],
  );
}

function stepKey(migration: Migration): string {
  return `migration_${String(migration.version).padStart(4, '0')}`;
}

function checksum(migration: Migration): string {
  return sha256Hex(migration.sql);
}

function parseRecord(value: unknown): StepRecord | undefined {
  try {
    return JSON.parse(String(value)) as StepRecord;
  } catch {
    return undefined;
  }
}

function newerSchema(connection: SqliteConnection, version: number): PersistenceError {
  const [latest] = connection.get(
    "SELECT max(value) FROM _schema_metadata WHERE key GLOB 'migration_*' AND key = ?",
    [`migration_${String(version).padStart(4, '0')}`],
  ) ?? [null];
  const recorded: unknown = latest === null ? undefined : parseRecord(latest)?.program;
  const program = typeof recorded === 'string' ? recorded : undefined;
  return new PersistenceError(
    'NEWER_SCHEMA',
    `The database has schema version ${version}; this program (${PROGRAM_VERSION}) knows up to ${SCHEMA_VERSION}`,
    {
      operation: OPERATION,
      hint: `Use ggen-sim ${program ?? `newer than ${PROGRAM_VERSION}`}${program ? ' or newer' : ''}. The file was left untouched.`,
    },
  );
}

function mismatch(reason: string): PersistenceError {
  return new PersistenceError('SCHEMA_MISMATCH', `The database cannot be used: ${reason}`, {
    operation: OPERATION,
    hint: 'The file was left untouched. Choose another file, or restore a backup.',
  });
}

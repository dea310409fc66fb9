import { createSha256 } from '#hashing/sha256';
import { yieldToEventLoop } from '#queue/yield';
import { adoptInSteps } from '../change-log/adopt-in-steps.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import { throwIfAborted } from '../validation/abort.ts';
import type {
  BackupDirectory,
  BackupFile,
  BackupManifest,
  RestoreOptions,
  RowCounts,
} from '../api/persistence.ts';
import { CHANGE_LOG, createChangeLog, readOrigin } from '../schema/change-log-table.ts';
import { readHolds } from '../schema/holds.ts';
import { countImportedReceipts, recordImportedReceipts } from '../schema/metadata.ts';
import { readSettings, SETTINGS, writeSettings } from '../schema/settings.ts';
import { TABLES } from '../tables/index.ts';
import { insertRowSql, isRefusedValue } from '../tables/insert-row.ts';
import { batchesInRowidOrder } from '../tables/keyset-pagination.ts';
import { valuesOf, type StoredTable } from '../tables/table.ts';
import { describeReplaced, emptyChangeLog, noteHolds } from './change-log-copy.ts';
import { checkFile, IMAGE_FILE, invalidBackup, openFile } from './manifest.ts';
import { readRowLines } from './row-lines.ts';
import { type WriteImage } from './staged-image.ts';

const OPERATION = 'restoreBackup';

/**
 * Refuses a database that holds rows.
 * @throws {PersistenceError} `ALREADY_EXISTS`
 */
export function refuseUnlessEmpty(connection: SqliteConnection): void {
  for (const table of TABLES) {
    if (connection.get(`SELECT 1 FROM ${table.name} LIMIT 1`)) {
      throw new PersistenceError('ALREADY_EXISTS', `The database already holds rows (${table.name})`, {
        operation: OPERATION,
        hint: 'Back it up, then restore with `force` to replace the rows.',
      });
    }
  }
}

/** Writes the database image of a backup, and compares it with the manifest again while reading. */
export async function stageImage(
  directory: BackupDirectory,
  manifest: BackupManifest,
  write: WriteImage,
  { signal, onProgress }: RestoreOptions,
): Promise<void> {
  const file = manifest.files.find(({ name }) => name === IMAGE_FILE);
  if (!file) throw invalidBackup(`it has no ${IMAGE_FILE}`);
  if (file.bytes === 0)
    throw new PersistenceError('NOT_A_DATABASE', 'The image is empty', { operation: OPERATION });
  let done = 0;
  for await (const chunk of unchanged(file, await openFile(directory, IMAGE_FILE))) {
    throwIfAborted(OPERATION, signal);
    write(chunk, done);
    done += chunk.length;
    onProgress?.({ stage: IMAGE_FILE, done, total: file.bytes, unit: 'bytes' });
  }
}

/** Stores the rows of the JSON files in an empty database. The caller holds a write transaction. */
export async function stageRows(
  staged: SqliteConnection,
  directory: BackupDirectory,
  manifest: BackupManifest,
  now: Date,
  { signal, onProgress }: RestoreOptions,
): Promise<void> {
  const hasLog = manifest.files.some(({ name }) => name === CHANGE_LOG.backupFile);
  if (hasLog) createChangeLog(staged, now);
  for (const table of [...TABLES, ...(hasLog ? [CHANGE_LOG] : [])]) {
    const file = fileOf(manifest, table);
    let rows = 0;
    for await (const batch of readRows(directory, table, file)) {
      throwIfAborted(OPERATION, signal);
      insertRows(staged, table, batch, rows);
      rows += batch.length;
      onProgress?.({ stage: `stage ${table.name}`, done: rows, total: undefined, unit: 'rows' });
    }
  }
  writeSettings(staged, await listSettings(directory, manifest));
  recordImportedReceipts(staged, manifest.importedReceipts ?? 0, now);
}

/** Reads the settings of a backup; none where it has no file of them. */
export async function listSettings(
  directory: BackupDirectory,
  manifest: BackupManifest,
): Promise<SqlValue[][]> {
  const file = manifest.files.find(({ name }) => name === SETTINGS.backupFile);
  const settings: SqlValue[][] = [];
  if (file === undefined) return settings;
  for await (const batch of readRows(directory, SETTINGS, file)) settings.push(...batch);
  return settings;
}

/**
 * Replaces every row by the rows of a staged database, and the change log by its own. The caller holds a write transaction.
 * @returns the number of rows of each table
 */
export async function copyRows(
  staged: SqliteConnection,
  connection: SqliteConnection,
  changeLog: ChangeLog,
  now: Date,
  options: RestoreOptions,
): Promise<RowCounts> {
  changeLog.begin();
  const replaced = describeReplaced(connection);
  for (const table of TABLES) {
    connection.run(`DELETE FROM ${table.name}`);
    await copyTable(staged, connection, table, options);
  }
  // Rows are inserted in their old order, so the imported receipts get the lowest rowids again.
  recordImportedReceipts(connection, countImportedReceipts(staged), now);
  if (readOrigin(staged) !== undefined && emptyChangeLog(connection, now)) {
    await copyTable(staged, connection, CHANGE_LOG, options);
    const steps = changeLog.takeOver(replaced.deletions, { isRenumbered: true });
    await adoptInSteps(OPERATION, steps, options);
  } else if (replaced.origin !== undefined) {
    await adoptInSteps(OPERATION, changeLog.restart(replaced.deletions), options);
  }
  writeSettings(connection, readSettings(staged));
  noteHolds(changeLog, replaced.holds, readHolds(staged));
  return countRows(connection);
}

async function copyTable(
  staged: SqliteConnection,
  connection: SqliteConnection,
  table: StoredTable,
  { signal, onProgress }: RestoreOptions,
): Promise<void> {
  let rows = 0;
  for (const batch of batchesInRowidOrder<object>(staged, table)) {
    throwIfAborted(OPERATION, signal);
    const values = batch.rows.map((row) => valuesOf(table, row));
    insertRows(connection, table, values, rows);
    rows += values.length;
    onProgress?.({ stage: table.name, done: rows, total: undefined, unit: 'rows' });
    await yieldToEventLoop();
  }
}

/** @param rowsBefore - number of rows of the table that were inserted before, for the message */
function insertRows(
  connection: SqliteConnection,
  table: StoredTable,
  rows: readonly (readonly SqlValue[])[],
  rowsBefore: number,
): void {
  connection.repeating(() => {
    for (const [index, values] of rows.entries()) {
      try {
        connection.run(insertRowSql(table, connection, values), values);
      } catch (error) {
        if (!isRefusedValue(error)) throw error;
        throw invalidBackup(
          `row ${rowsBefore + index + 1} of ${table.backupFile} cannot be stored (${(error as Error).message})`,
          error,
        );
      }
    }
  });
}

/** Counts the rows of each table. */
export function countRows(connection: SqliteConnection): RowCounts {
  return Object.fromEntries(
    TABLES.map(({ name, reportKey }) => [
      reportKey,
      Number(connection.get(`SELECT count(*) FROM ${name}`)?.[0]),
    ]),
  ) as unknown as RowCounts;
}

/**
 * Finds the file of a table's rows.
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export function fileOf(manifest: BackupManifest, { backupFile }: StoredTable): BackupFile {
  const file = manifest.files.find(({ name }) => name === backupFile);
  if (!file) throw invalidBackup(`it has no ${backupFile}`);
  return file;
}

/**
 * Reads the values of the rows of a JSON file, in the order of the columns, and compares the file with the manifest.
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export async function* readRows(
  directory: BackupDirectory,
  table: StoredTable,
  file: BackupFile,
): AsyncGenerator<SqlValue[][]> {
  let rows = 0;
  for await (const batch of readRowLines(unchanged(file, await openFile(directory, file.name)), file.name)) {
    yield batch.map((row) => rowValues(table, row, ++rows));
  }
  if (rows !== file.rows)
    throw invalidBackup(`${file.name} has ${rows} rows, the manifest says ${String(file.rows)}`);
}

/** Passes on the bytes of a file, and compares them with the manifest at the end. */
async function* unchanged(file: BackupFile, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createSha256();
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  checkFile(file, bytes, hash.digestHex());
}

function rowValues(table: StoredTable, row: unknown, rowNumber: number): SqlValue[] {
  return table.columns.map(({ column }) => {
    const value = (row as Record<string, unknown> | null)?.[column];
    if (value === null || value instanceof Uint8Array || /^(?:string|number|bigint)$/.test(typeof value))
      return value as SqlValue;
    throw invalidBackup(`row ${rowNumber} of ${table.name} has no usable ${column}`);
  });
}

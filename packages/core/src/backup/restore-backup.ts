import type { StorageFile } from '@ggen-sim/sqljs-vfs';
import { createSha256 } from '#hashing/sha256';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import { throwIfAborted } from '../validation/abort.ts';
import type { BackupDirectory, BackupFile, BackupManifest, RestoreOptions } from '../api/persistence.ts';
import { toIoError } from '../streams/io-error.ts';
import { recordImportedReceipts } from '../schema/metadata.ts';
import { TABLES } from '../tables/index.ts';
import { insertSql, type AnyTable } from '../tables/table.ts';
import { checkFile, IMAGE_FILE, invalidBackup, openFile } from './manifest.ts';
import { readRowLines } from './row-lines.ts';

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

/** Writes the database image of a backup to a file, and compares it with the manifest again while reading. */
export async function stageImage(
  directory: BackupDirectory,
  manifest: BackupManifest,
  target: StorageFile,
  { signal, onProgress }: RestoreOptions,
): Promise<void> {
  const file = manifest.files.find(({ name }) => name === IMAGE_FILE);
  if (!file) throw invalidBackup(`it has no ${IMAGE_FILE}`);
  if (file.bytes === 0)
    throw new PersistenceError('NOT_A_DATABASE', 'The image is empty', { operation: OPERATION });
  let done = 0;
  for await (const chunk of unchanged(file, await openFile(directory, IMAGE_FILE))) {
    throwIfAborted(OPERATION, signal);
    onImageCopy(OPERATION, () => target.write(chunk, done));
    done += chunk.length;
    onProgress?.({ stage: IMAGE_FILE, done, total: file.bytes, unit: 'bytes' });
  }
}

/** The place of a staged image, for messages. */
const IMAGE_COPY = 'a copy of the image beside the database';

/**
 * Runs a call that makes or writes the copy of an image.
 * @throws {PersistenceError} `READ_ONLY`, `DISK_FULL` or `IO_ERROR`; the message names the copy
 */
export function onImageCopy<T>(operation: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const error = toIoError(cause, operation, IMAGE_COPY);
    if (error.code !== 'IO_ERROR') throw error;
    const { code, message } = cause as { readonly code?: unknown; readonly message?: string };
    const isRefused = ['EACCES', 'EPERM', 'EROFS'].includes(String(code));
    throw new PersistenceError(
      isRefused ? 'READ_ONLY' : 'IO_ERROR',
      `Cannot write ${IMAGE_COPY} (${message ?? String(cause)})`,
      {
        operation,
        cause,
        ...(isRefused && { hint: 'Check the permissions of the folder of the database.' }),
      },
    );
  }
}

/** Replaces every row by the rows of the JSON files. The caller holds a write transaction. */
export async function loadTables(
  connection: SqliteConnection,
  directory: BackupDirectory,
  manifest: BackupManifest,
  now: Date,
  options: RestoreOptions,
): Promise<void> {
  for (const table of TABLES) {
    const fileName = table.backupFile;
    connection.run(`DELETE FROM ${table.name}`);
    const file = manifest.files.find(({ name }) => name === fileName);
    if (!file) throw invalidBackup(`it has no ${fileName}`);
    const rows = await loadTable(connection, table, file, await openFile(directory, fileName), options);
    if (rows !== file.rows)
      throw invalidBackup(`${fileName} has ${rows} rows, the manifest says ${String(file.rows)}`);
  }
  // Rows are inserted in their old order, so the imported receipts get the lowest rowids again.
  recordImportedReceipts(connection, manifest.importedReceipts ?? 0, now);
}

async function loadTable(
  connection: SqliteConnection,
  table: AnyTable,
  file: BackupFile,
  stream: ReadableStream<Uint8Array>,
  { signal, onProgress }: RestoreOptions,
): Promise<number> {
  const insert = insertSql(table);
  let rows = 0;
  for await (const batch of readRowLines(unchanged(file, stream), file.name)) {
    throwIfAborted(OPERATION, signal);
    for (const row of batch) connection.run(insert, rowValues(table, row, ++rows));
    onProgress?.({ stage: table.name, done: rows, total: undefined, unit: 'rows' });
  }
  return rows;
}

/** Passes on the bytes of a file, and compares them with the manifest at the end. */
async function* unchanged(file: BackupFile, stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createSha256();
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  checkFile(file, bytes, hash.digestHex());
}

/**
 * Reads the values of a row in the order of the columns.
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export function rowValues(table: AnyTable, row: unknown, rowNumber: number): SqlValue[] {
  return table.columns.map(({ column }) => {
    const value = (row as Record<string, unknown> | null)?.[column];
    if (value === null || value instanceof Uint8Array || /^(?:string|number|bigint)$/.test(typeof value))
      return value as SqlValue;
    throw invalidBackup(`row ${rowNumber} of ${table.name} has no usable ${column}`);
  });
}

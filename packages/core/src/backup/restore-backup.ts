import { createSha256 } from '#hashing/sha256';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import { throwIfAborted } from '../validation/abort.ts';
import type { BackupDirectory, BackupFile, BackupManifest, RestoreOptions } from '../api/persistence.ts';
import { recordImportedReceipts } from '../schema/migrator.ts';
import { selectList, type AnyTable } from '../tables/table.ts';
import { checkFile, IMAGE_FILE, invalidBackup, openFile, readWhole, TABLE_FILES } from './manifest.ts';
import { readRowLines } from './row-lines.ts';

const OPERATION = 'restoreBackup';

/** @throws PersistenceError `ALREADY_EXISTS` when any table of ours holds a row */
export function refuseUnlessEmpty(connection: SqliteConnection): void {
  for (const { table } of TABLE_FILES) {
    if (connection.get(`SELECT 1 FROM ${table.name} LIMIT 1`)) {
      throw new PersistenceError('ALREADY_EXISTS', `The database holds rows already (${table.name})`, {
        operation: OPERATION,
        hint: 'Back it up, then restore with force to replace what is there.',
      });
    }
  }
}

/** The backup's database image, checked against the manifest once more while it is read. */
export async function readImage(directory: BackupDirectory, manifest: BackupManifest): Promise<Uint8Array> {
  const file = manifest.files.find(({ name }) => name === IMAGE_FILE);
  if (!file) throw invalidBackup(`it has no ${IMAGE_FILE}`);
  const image = await readWhole(await openFile(directory, IMAGE_FILE));
  const hash = createSha256();
  hash.update(image);
  checkFile(file, image.length, hash.digestHex());
  return image;
}

/** Replaces every row by those of the JSON files. The caller holds a write transaction. */
export async function loadTables(
  connection: SqliteConnection,
  directory: BackupDirectory,
  manifest: BackupManifest,
  now: Date,
  options: RestoreOptions,
): Promise<void> {
  for (const { file: fileName, table } of TABLE_FILES) {
    connection.run(`DELETE FROM ${table.name}`);
    const file = manifest.files.find(({ name }) => name === fileName);
    if (!file) throw invalidBackup(`it has no ${fileName}`);
    const rows = await loadTable(connection, table, file, await openFile(directory, fileName), options);
    if (rows !== file.rows)
      throw invalidBackup(`${fileName} has ${rows} rows, the manifest says ${String(file.rows)}`);
  }
  // Rows go in by their old order, so the imported ones come first again.
  recordImportedReceipts(connection, manifest.importedReceipts ?? 0, now);
}

async function loadTable(
  connection: SqliteConnection,
  table: AnyTable,
  file: BackupFile,
  stream: ReadableStream<Uint8Array>,
  { signal, onProgress }: RestoreOptions,
): Promise<number> {
  const insert = `INSERT INTO ${table.name} (${selectList(table)}) VALUES (${table.columns.map(() => '?').join(', ')})`;
  let rows = 0;
  for await (const batch of readRowLines(unchanged(file, stream), file.name)) {
    throwIfAborted(OPERATION, signal);
    for (const row of batch) connection.run(insert, rowValues(table, row, ++rows));
    onProgress?.({ stage: table.name, done: rows, total: undefined, unit: 'rows' });
  }
  return rows;
}

/** Passes a file's bytes on and checks at the end that they are those of the manifest. */
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

function rowValues(table: AnyTable, row: unknown, rowNumber: number): SqlValue[] {
  return table.columns.map(({ column }) => {
    const value = (row as Record<string, unknown> | null)?.[column];
    if (value === null || typeof value === 'string' || typeof value === 'number') return value;
    throw invalidBackup(`row ${rowNumber} of ${table.name} has no usable ${column}`);
  });
}

/**
 * Writes a backup: one state of the database as rows in JSON and as the database file. Both are read from one connection
 * to a database that nobody changes meanwhile: a copy, or the database itself under a SHARED lock.
 */
import { markRollbackMode } from '@ggen-sim/sqljs-vfs/internal';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { throwIfAborted } from '../validation/abort.ts';
import { writeToStream } from '../streams/write-to-stream.ts';
import { encodeRows } from '../exports/row-encoding.ts';
import type {
  BackupDirectory,
  BackupFile,
  BackupManifest,
  LongOperationOptions,
} from '../api/persistence.ts';
import { PROGRAM_VERSION } from '../api/program-version.ts';
import { TABLES } from '../tables/index.ts';
import { batchesInRowidOrder } from '../tables/keyset-pagination.ts';
import { toIsoTime } from '../validation/timestamps.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';
import { countImportedReceipts } from '../schema/metadata.ts';
import { SCHEMA_VERSION } from '../schema/migrations/index.ts';
import { readSettings, SETTINGS } from '../schema/settings.ts';
import { toRow, type StoredTable } from '../tables/table.ts';
import { IMAGE_FILE, MANIFEST_FILE } from './manifest.ts';

const OPERATION = 'exportBackup';
const IMAGE_CHUNK_BYTES = 1024 * 1024;

/** Writes every file of a backup. The caller keeps others from writing, and finishes or discards the directory. */
export async function writeBackup(
  connection: SqliteConnection,
  directory: Pick<BackupDirectory, 'create'>,
  now: Date,
  options: LongOperationOptions,
): Promise<BackupManifest> {
  const files: BackupFile[] = [];
  const hasLog = readOrigin(connection) !== undefined;
  for (const table of [...TABLES, ...(hasLog ? [CHANGE_LOG] : [])]) {
    const source = new TableReader(connection, table, options);
    const chunks = encodeRows(source, { format: 'json', columns: table.columns });
    const written = await writeToStream(chunks, await directory.create(table.backupFile), options.signal);
    files.push({ name: table.backupFile, ...written, rows: source.rowsRead });
  }
  const settings = readSettings(connection);
  if (settings.length > 0) {
    const rows = iterate(settings.map((values) => toRow<object>(SETTINGS, values)));
    const chunks = encodeRows(rows, { format: 'json', columns: SETTINGS.columns });
    const written = await writeToStream(chunks, await directory.create(SETTINGS.backupFile), options.signal);
    files.push({ name: SETTINGS.backupFile, ...written, rows: settings.length });
  }
  const image = await writeToStream(
    imageChunks(connection, options),
    await directory.create(IMAGE_FILE),
    options.signal,
  );
  files.push({ name: IMAGE_FILE, ...image, rows: null });

  const manifest: BackupManifest = {
    format: 'ggen-sim-backup',
    formatVersion: 1,
    createdAt: toIsoTime(now),
    schemaVersion: SCHEMA_VERSION,
    programVersion: PROGRAM_VERSION,
    importedReceipts: countImportedReceipts(connection),
    typedText: true,
    files,
  };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeToStream(iterate([text]), await directory.create(MANIFEST_FILE), options.signal);
  return manifest;
}

/** Rows of a table in the order they were inserted, read in batches. */
class TableReader implements AsyncIterable<object> {
  rowsRead = 0;
  readonly #connection: SqliteConnection;
  readonly #table: StoredTable;
  readonly #options: LongOperationOptions;

  constructor(connection: SqliteConnection, table: StoredTable, options: LongOperationOptions) {
    this.#connection = connection;
    this.#table = table;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<object> {
    throwIfAborted(OPERATION, this.#options.signal);
    for (const { rows } of batchesInRowidOrder<object>(this.#connection, this.#table)) {
      yield* rows;
      this.rowsRead += rows.length;
      this.#options.onProgress?.({
        stage: this.#table.name,
        done: this.rowsRead,
        total: undefined,
        unit: 'rows',
      });
      throwIfAborted(OPERATION, this.#options.signal);
    }
  }
}

async function* imageChunks(
  connection: SqliteConnection,
  options: LongOperationOptions,
): AsyncGenerator<Uint8Array> {
  const total = connection.durable.sizeBytes();
  for (let offset = 0; offset < total; offset += IMAGE_CHUNK_BYTES) {
    throwIfAborted(OPERATION, options.signal);
    const chunk = new Uint8Array(Math.min(IMAGE_CHUNK_BYTES, total - offset));
    connection.readFile(chunk, offset);
    if (offset === 0) markRollbackMode(chunk);
    yield chunk;
    options.onProgress?.({ stage: 'image', done: offset + chunk.length, total, unit: 'bytes' });
  }
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

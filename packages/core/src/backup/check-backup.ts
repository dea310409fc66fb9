/**
 * Checks of a backup before anything is written. The manifest's hashes only tell that files belong together: whoever edits
 * a file can write them anew. So the rows are checked by the rules of `verify`, and the parts of a backup against each other.
 */
import { yieldToEventLoop } from '#queue/yield';
import type { BackupDirectory, BackupManifest, RestoreOptions, VerifyProblem } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { encodeJsonValue } from '../exports/json-values.ts';
import { DatabaseCheck, readAtOnce } from '../maintenance/database-check.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';
import { countImportedReceipts } from '../schema/metadata.ts';
import { readSettings, SETTINGS } from '../schema/settings.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { TABLES } from '../tables/index.ts';
import { batchesInRowidOrder } from '../tables/keyset-pagination.ts';
import { TextBytes } from '../tables/stored-bytes.ts';
import { toRow, type StoredTable } from '../tables/table.ts';
import { throwIfAborted } from '../validation/abort.ts';
import { IMAGE_FILE, invalidBackup } from './manifest.ts';
import { fileOf, listSettings, readRows } from './restore-backup.ts';

const OPERATION = 'restoreBackup';

/**
 * Checks a staged database by the rules of `verify`.
 * @param isReplacement - true when it is restored as it is, with its indexes
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export async function checkRules(
  staged: SqliteConnection,
  isReplacement: boolean,
  options: RestoreOptions,
): Promise<void> {
  const { acceptInvalid = false, signal, onProgress } = options;
  const check = new DatabaseCheck(staged, readAtOnce, {
    operation: OPERATION,
    ...(signal && { signal }),
    onProgress: (progress) => onProgress?.({ ...progress, stage: `check ${progress.stage}` }),
  });
  if (isReplacement) {
    for await (const { message } of check.schema()) {
      throw new PersistenceError(
        'BACKUP_INVALID',
        `The backup cannot be restored: in ${IMAGE_FILE}, ${message}`,
        {
          operation: OPERATION,
          hint: 'Nothing was restored. Restore its JSON files (`from` json).',
        },
      );
    }
  }
  if (acceptInvalid) return;
  for await (const problem of check.rows()) throw invalidRow(problem);
}

function invalidRow({ row, message }: VerifyProblem): PersistenceError {
  return new PersistenceError(
    'BACKUP_INVALID',
    `The backup cannot be restored: ${row} is invalid: ${message}`,
    {
      operation: OPERATION,
      hint: 'Nothing was restored. If another program wrote the row, restore with `acceptInvalid`.',
    },
  );
}

/**
 * Compares the rows of the JSON files with those of the database image. Both were written from one state of a database.
 * @throws {PersistenceError} `BACKUP_INVALID`; the message names the first row that differs
 */
export async function compareParts(
  image: SqliteConnection,
  directory: BackupDirectory,
  manifest: BackupManifest,
  options: RestoreOptions,
): Promise<void> {
  // A program without the change log leaves it out of the files, but not of the image.
  const listsLog = manifest.files.some(({ name }) => name === CHANGE_LOG.backupFile);
  if (listsLog && readOrigin(image) === undefined) {
    throw invalidBackup(`${IMAGE_FILE} has no change log, but there is a ${CHANGE_LOG.backupFile}`);
  }
  for (const table of [...TABLES, ...(listsLog ? [CHANGE_LOG] : [])]) {
    await compareTable(image, table, directory, manifest, options);
  }
  // An older program writes no file of settings, but has them in the image.
  if (manifest.files.some(({ name }) => name === SETTINGS.backupFile)) {
    const listed = await listSettings(directory, manifest);
    if (encodeJsonValues(listed) !== encodeJsonValues(readSettings(image))) {
      throw invalidBackup(`the settings in ${IMAGE_FILE} and in ${SETTINGS.backupFile} differ`);
    }
  }
  const imported = countImportedReceipts(image);
  if (imported !== (manifest.importedReceipts ?? 0)) {
    throw invalidBackup(
      `${IMAGE_FILE} has ${imported} imported receipts, the manifest says ${manifest.importedReceipts ?? 0}`,
    );
  }
}

async function compareTable(
  image: SqliteConnection,
  table: StoredTable,
  directory: BackupDirectory,
  manifest: BackupManifest,
  options: RestoreOptions,
): Promise<void> {
  const file = fileOf(manifest, table);
  const encode = manifest.typedText === true ? encodeJsonValue : encodeUntyped;
  const stored = storedRows(image, table);
  let done = 0;
  for await (const batch of readRows(directory, table, file)) {
    throwIfAborted(OPERATION, options.signal);
    for (const values of batch) {
      const next = stored.next();
      done++;
      if (next.done === true) throw invalidBackup(`row ${done} of ${file.name} is missing in ${IMAGE_FILE}`);
      const { rowid, row } = next.value;
      const column = differingColumn(table, row, toRow(table, values), encode);
      if (column === undefined) continue;
      throw invalidBackup(
        `${table.name} ${rowid} in ${IMAGE_FILE} and row ${done} of ${file.name} differ in ${column}`,
      );
    }
    options.onProgress?.({ stage: `compare ${table.name}`, done, total: undefined, unit: 'rows' });
    await yieldToEventLoop();
  }
  const surplus = stored.next();
  if (surplus.done !== true) {
    throw invalidBackup(`${table.name} ${surplus.value.rowid} in ${IMAGE_FILE} is missing in ${file.name}`);
  }
}

interface StoredRow {
  readonly rowid: Rowid;
  readonly row: Readonly<Record<string, unknown>>;
}

function* storedRows(image: SqliteConnection, table: StoredTable): Generator<StoredRow, undefined> {
  for (const { rows, rowids } of batchesInRowidOrder<StoredRow['row']>(image, table)) {
    for (const [index, row] of rows.entries()) yield { rowid: rowids[index] ?? 0, row };
  }
  return undefined;
}

/** Values are equal when their JSON is: it is exact, and a number that is whole is one whatever its type. */
function differingColumn(
  table: StoredTable,
  stored: StoredRow['row'],
  listed: StoredRow['row'],
  encode: (value: unknown) => string,
): string | undefined {
  const differing = table.columns.find(
    ({ field }) => stored[field] !== listed[field] && encode(stored[field]) !== encode(listed[field]),
  );
  return differing?.column;
}

function encodeJsonValues(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => row.map(encodeJsonValue).join()).join('\n');
}

/** Encodes a value as older backups do, in which a text that is not UTF-8 looks like a BLOB. */
function encodeUntyped(value: unknown): string {
  return encodeJsonValue(value instanceof TextBytes ? new Uint8Array(value) : value);
}

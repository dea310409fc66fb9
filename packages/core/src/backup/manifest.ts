import { PersistenceError } from '../api/errors.ts';
import type { BackupDirectory, BackupFile, BackupManifest } from '../api/persistence.ts';
import { createSha256 } from '#hashing/sha256';
import { chunksOf } from '../streams/chunks-of.ts';
import { TABLES } from '../tables/index.ts';
import { receiptsTable } from '../tables/receipts.ts';
import { SCHEMA_VERSION } from '../schema/migrations/index.ts';

/** Largest manifest that is read. A real one has about 1,000 bytes. */
const MAX_MANIFEST_BYTES = 1_000_000;

export const MANIFEST_FILE = 'manifest.json';
export const IMAGE_FILE = 'ggen.db';

const OPERATION = 'restoreBackup';

/** Makes a `BACKUP_INVALID` error with the reason. */
export function invalidBackup(reason: string, cause?: unknown): PersistenceError {
  return new PersistenceError('BACKUP_INVALID', `The backup cannot be restored: ${reason}`, {
    operation: OPERATION,
    hint: 'Nothing was restored.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Reads a backup's manifest and checks that every file in it exists, complete and unchanged.
 * @throws {PersistenceError} `NOT_FOUND`, `BACKUP_INVALID`, `NEWER_SCHEMA`
 */
export async function readVerifiedManifest(
  directory: BackupDirectory,
  onFile: (file: BackupFile) => void,
): Promise<BackupManifest> {
  const stream = await directory.open(MANIFEST_FILE);
  if (!stream) {
    throw new PersistenceError('NOT_FOUND', `There is no backup in ${directory.name} (no ${MANIFEST_FILE})`, {
      operation: OPERATION,
    });
  }
  const manifest = parseManifest(await readManifest(chunksOf(stream)));
  for (const file of manifest.files) {
    onFile(file);
    const { bytes, sha256 } = await measure(directory, file.name);
    checkFile(file, bytes, sha256);
  }
  return manifest;
}

/**
 * Compares a file's size and hash with the manifest.
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export function checkFile(file: BackupFile, bytes: number, sha256: string): void {
  if (bytes !== file.bytes)
    throw invalidBackup(`${file.name} has ${bytes} bytes, the manifest says ${file.bytes}`);
  if (sha256 !== file.sha256)
    throw invalidBackup(`${file.name} was changed: its SHA-256 is not the manifest's`);
}

async function readManifest(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) {
      throw invalidBackup(`${MANIFEST_FILE} has more than ${MAX_MANIFEST_BYTES} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseManifest(text: string): BackupManifest {
  let manifest: Partial<BackupManifest>;
  try {
    manifest = JSON.parse(text) as Partial<BackupManifest>;
  } catch (error) {
    throw invalidBackup(`${MANIFEST_FILE} is not JSON`, error);
  }
  if (manifest?.format !== 'ggen-sim-backup' || manifest.formatVersion !== 1) {
    throw invalidBackup(`${MANIFEST_FILE} is not of a backup format that this program knows`);
  }
  const { schemaVersion, programVersion } = manifest;
  if (!isCount(schemaVersion) || typeof programVersion !== 'string') {
    throw invalidBackup(`${MANIFEST_FILE} does not say which program wrote it`);
  }
  if (schemaVersion > SCHEMA_VERSION) {
    throw new PersistenceError('NEWER_SCHEMA', `The backup has schema version ${schemaVersion}`, {
      operation: OPERATION,
      hint: `Use ggen-sim ${programVersion.slice(0, 100)} or newer.`,
    });
  }
  if (!Array.isArray(manifest.files) || !manifest.files.every(isBackupFile)) {
    throw invalidBackup(`${MANIFEST_FILE} lists no files`);
  }
  for (const { backupFile } of TABLES) {
    if (!manifest.files.some(({ name }) => name === backupFile))
      throw invalidBackup(`${backupFile} is missing from the manifest`);
  }
  checkImportedReceipts(manifest as BackupManifest);
  return manifest as BackupManifest;
}

/**
 * Refuses a count of imported receipts above the count of receipts. `verify` does not recompute the ids of imported
 * receipts, so a count too great would let forged receipts pass, later ones included.
 */
function checkImportedReceipts(manifest: {
  readonly importedReceipts?: unknown;
  readonly files: readonly BackupFile[];
}): void {
  const { importedReceipts = 0, files } = manifest;
  const receiptCount = files.find(({ name }) => name === receiptsTable.backupFile)?.rows ?? 0;
  if (isCount(importedReceipts) && importedReceipts <= receiptCount) return;
  throw invalidBackup(`${MANIFEST_FILE} counts more imported receipts than receipts`);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isBackupFile(value: unknown): value is BackupFile {
  const { name, bytes, sha256 } = (value ?? {}) as Partial<BackupFile>;
  return typeof name === 'string' && typeof bytes === 'number' && typeof sha256 === 'string';
}

async function measure(
  directory: BackupDirectory,
  fileName: string,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createSha256();
  let bytes = 0;
  for await (const chunk of await openFile(directory, fileName)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digestHex() };
}

/**
 * Opens a file of a backup.
 * @throws {PersistenceError} `BACKUP_INVALID` if the file is missing
 */
export async function openFile(
  directory: BackupDirectory,
  fileName: string,
): Promise<AsyncGenerator<Uint8Array>> {
  const stream = await directory.open(fileName);
  if (!stream) throw invalidBackup(`${fileName} is missing`);
  return chunksOf(stream);
}

import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPersistence, type FileOpenOptions, type Persistence, type RecordBatch } from '@ggen-sim/core';

/** What a test begins with: the path of a database file, the bytes of one, or rows. */
export type DatabaseSource = string | URL | Uint8Array | RecordBatch;

/** Options of opening a copy: those of a file, such as `key`. */
export type CopyOptions = Omit<FileOpenOptions, 'storage' | 'path' | 'create'>;

/** An open copy of a database, in a folder of its own. */
export interface CopiedDatabase {
  readonly persistence: Persistence;
  /** Name of the file that it is a copy of, else `copy.db`. */
  readonly name: string;
  /** Closes the copy and removes its folder. */
  remove(): Promise<void>;
}

/**
 * Copies a database and opens the copy.
 * @throws {PersistenceError} as `openPersistence` and, for rows, as `Persistence.record`
 */
export async function openCopy(
  source: DatabaseSource = {},
  options: CopyOptions = {},
): Promise<CopiedDatabase> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ggen-sim-copy-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const original = source instanceof URL ? fileURLToPath(source) : source;
    const name = typeof original === 'string' ? path.basename(original) : 'copy.db';
    const file = path.join(folder, name);
    if (typeof original === 'string') await copyDatabaseFile(original, file);
    else if (original instanceof Uint8Array) await writeFile(file, original);
    const persistence = await openPersistence({ ...options, storage: 'file', path: file });
    const remove = async (): Promise<void> => {
      try {
        await persistence.close();
      } finally {
        await removeFolder();
      }
    };
    if (typeof original === 'object' && !(original instanceof Uint8Array)) await persistence.record(original);
    return { persistence, name, remove };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** Copies a file with its journal or log, without which a database that a crash left is not whole. */
async function copyDatabaseFile(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  for (const suffix of ['-journal', '-wal']) {
    await copyFile(`${from}${suffix}`, `${to}${suffix}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Returns a database as the bytes of an SQLite file. */
export async function imageOf(source: DatabaseSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const copy = await openCopy(source);
  try {
    return await copy.persistence.exportImage();
  } finally {
    await copy.remove();
  }
}

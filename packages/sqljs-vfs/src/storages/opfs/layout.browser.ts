/**
 * The layout of databases in the origin private file system:
 *
 * | path                           | content                                                               |
 * |--------------------------------|-----------------------------------------------------------------------|
 * | `sqljs-vfs/db-NAME/`           | one database; NAME is escaped by {@link directoryName}                |
 * | `sqljs-vfs/db-NAME/ID/main`    | an ordinary SQLite file                                               |
 * | `sqljs-vfs/db-NAME/ID/journal` | its rollback journal; empty except within a transaction               |
 * | `sqljs-vfs/db-NAME/ID/wal`     | its write-ahead log while a connection owns it exclusively; else empty |
 *
 * ID is the database id, a UUID made with the database. An open database keeps the file handles below it. When the
 * database is removed, even if another one is made under the same name, these files are gone, and that is noticed.
 */
import { VfsError } from '../../errors.ts';
import type { FileRole } from '../../contract/storage.ts';

const ROOT = 'sqljs-vfs';

/** The files of a database. */
export const FILE_ROLES: readonly FileRole[] = ['main', 'journal', 'wal'];

/** The file handles of one database. */
export type DatabaseFiles = Readonly<Record<FileRole, FileSystemFileHandle>>;

/**
 * Returns the directory name of a database. Browsers may use it on a disk that ignores case, forbids punctuation and
 * reserves some words. So every byte in UTF-8 is escaped, except a-z, 0-9, `_` and `-`.
 */
export function directoryName(name: string): string {
  const escape = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`;
  const escapeText = (text: string): string => Array.from(new TextEncoder().encode(text), escape).join('');
  return `db-${name.toWellFormed().replaceAll(/[^a-z0-9_-]/gu, escapeText)}`;
}

/**
 * Finds the files of a database, or makes them. Only one context at a time may do this.
 * @throws {VfsError} `STORAGE_UNAVAILABLE` where the browser has no private file system or forbids it;
 * `UNREADABLE_STORAGE` for a directory of another layout
 */
export async function locateDatabase(name: string): Promise<DatabaseFiles> {
  const root = await privateFileSystem();
  const directory = await (
    await root.getDirectoryHandle(ROOT, { create: true })
  ).getDirectoryHandle(directoryName(name), { create: true });
  const databaseIds: string[] = [];
  for await (const databaseId of directory.keys()) databaseIds.push(databaseId);
  if (databaseIds.length > 1) {
    throw new VfsError('UNREADABLE_STORAGE', `${name} is stored in a format this version cannot read`, {
      hint: 'Use the version of this program that wrote it. The stored data was left untouched.',
    });
  }
  const home = await directory.getDirectoryHandle(databaseIds[0] ?? crypto.randomUUID(), { create: true });
  const [main, journal, wal] = await Promise.all(
    FILE_ROLES.map((role) => home.getFileHandle(role, { create: true })),
  );
  return { main, journal, wal } as DatabaseFiles;
}

/**
 * Looks for a database, without making one.
 * @throws {VfsError} `STORAGE_UNAVAILABLE` where the browser has no private file system or forbids it
 */
export async function databaseExists(name: string): Promise<boolean> {
  const root = await privateFileSystem();
  try {
    const directory = await (await root.getDirectoryHandle(ROOT)).getDirectoryHandle(directoryName(name));
    const { done } = await directory.keys().next();
    return done !== true;
  } catch (error) {
    if ((error as { name?: unknown } | null)?.name === 'NotFoundError') return false;
    throw error;
  }
}

async function privateFileSystem(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory();
  } catch (error) {
    throw new VfsError('STORAGE_UNAVAILABLE', "the browser's private file system cannot be used", {
      cause: error,
      hint: 'Private windows and blocked site data have no persistent storage. Use memory, or another window.',
    });
  }
}

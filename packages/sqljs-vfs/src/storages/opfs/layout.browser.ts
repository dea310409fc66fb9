/**
 * Where databases lie in the origin's private file system:
 *
 * | path                                    | what                                                       |
 * |-----------------------------------------|------------------------------------------------------------|
 * | `sqljs-vfs/db-NAME/`                    | one database; NAME is escaped by {@link directoryName}     |
 * | `sqljs-vfs/db-NAME/EPOCH/main`          | an ordinary SQLite file                                    |
 * | `sqljs-vfs/db-NAME/EPOCH/journal`       | its rollback journal; empty except within a transaction    |
 * | `sqljs-vfs/db-NAME/EPOCH/wal`           | its log while somebody owns it exclusively; else empty     |
 *
 * EPOCH is a UUID made with the database. Whoever has it open keeps the handles of its files, so a database that was
 * removed, or removed and made anew under the same name, is noticed by its files being gone.
 */
import { VfsError } from '../../errors.ts';
import type { FileRole } from '../../contract/storage.ts';

const ROOT = 'sqljs-vfs';

/** Every file a database may have. */
export const FILE_ROLES: readonly FileRole[] = ['main', 'journal', 'wal'];

/** The files of one database, found or made. */
export type DatabaseFiles = Readonly<Record<FileRole, FileSystemFileHandle>>;

/**
 * The directory of a database. Browsers may keep it under this very name on a disk that knows no upper case, takes no
 * punctuation and reserves some words, so everything but a-z, 0-9, `_` and `-` is escaped, byte by byte in UTF-8.
 */
export function directoryName(name: string): string {
  const escape = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`;
  const escapeText = (text: string): string => Array.from(new TextEncoder().encode(text), escape).join('');
  return `db-${name.toWellFormed().replaceAll(/[^a-z0-9_-]/gu, escapeText)}`;
}

/**
 * Finds the files of a database, and makes them where there is none. Only one context at a time may do this.
 * @throws VfsError `STORAGE_UNAVAILABLE` where the browser has no private file system or forbids it;
 * `UNREADABLE_STORAGE` for a directory that is not ours
 */
export async function locateDatabase(name: string): Promise<DatabaseFiles> {
  const root = await privateFileSystem();
  const directory = await (
    await root.getDirectoryHandle(ROOT, { create: true })
  ).getDirectoryHandle(directoryName(name), { create: true });
  const epochs: string[] = [];
  for await (const epoch of directory.keys()) epochs.push(epoch);
  if (epochs.length > 1) {
    throw new VfsError('UNREADABLE_STORAGE', `${name} is stored in a format this version cannot read`, {
      hint: 'Use the version of this program that wrote it. What is stored was left untouched.',
    });
  }
  const home = await directory.getDirectoryHandle(epochs[0] ?? crypto.randomUUID(), { create: true });
  const [main, journal, wal] = await Promise.all(
    FILE_ROLES.map((role) => home.getFileHandle(role, { create: true })),
  );
  return { main, journal, wal } as DatabaseFiles;
}

async function privateFileSystem(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory();
  } catch (error) {
    throw new VfsError('STORAGE_UNAVAILABLE', "the browser's private file system cannot be used", {
      cause: error,
      hint: 'Private windows and blocked site data have no lasting storage. Choose memory, or another window.',
    });
  }
}

/** Files of a closed database in the origin private file system. */
import { expect } from 'vitest';
import { openPersistence } from '../../src/index.ts';

/** Reads the files of a database, by role. */
export async function storedFiles(name: string): Promise<Record<string, Uint8Array>> {
  const root = await navigator.storage.getDirectory();
  // A UUID needs no escaping.
  const directory = await (await root.getDirectoryHandle('sqljs-vfs')).getDirectoryHandle(`db-${name}`);
  const files: Record<string, Uint8Array> = {};
  for await (const epoch of directory.values()) {
    for await (const [role, file] of (epoch as FileSystemDirectoryHandle).entries()) {
      const blob = await (file as FileSystemFileHandle).getFile();
      files[role] = new Uint8Array(await blob.arrayBuffer());
    }
  }
  return files;
}

/** Expects a file that native SQLite would open and share, with no other files beside it. Opens it shared as well. */
export async function expectOrdinaryFile(name: string): Promise<void> {
  const { main = new Uint8Array(), journal, wal } = await storedFiles(name);
  expect(new TextDecoder().decode(main.subarray(0, 15))).toBe('SQLite format 3');
  // Write version and read version: a rollback journal.
  expect([...main.subarray(18, 20)]).toEqual([1, 1]);
  expect([journal?.length, wal?.length]).toEqual([0, 0]);
  await using db = await openPersistence({ storage: 'opfs', name });
  expect((await db.info()).journalMode).toBe('truncate');
  expect(await db.verify()).toMatchObject({ ok: true, problems: [] });
}

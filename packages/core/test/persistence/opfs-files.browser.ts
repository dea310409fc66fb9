/** What lies in the origin's private file system once nobody has a database open. */
import { expect } from 'vitest';
import { openPersistence } from '../../src/index.ts';

/** The bytes of a database's files, by their role. */
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

/** The file is one that native SQLite would open and share, nothing lies beside it, and a shared handle opens it. */
export async function expectGivenBack(name: string): Promise<void> {
  const { main = new Uint8Array(), journal, wal } = await storedFiles(name);
  expect(new TextDecoder().decode(main.subarray(0, 15))).toBe('SQLite format 3');
  // Write version and read version: a rollback journal.
  expect([...main.subarray(18, 20)]).toEqual([1, 1]);
  expect([journal?.length, wal?.length]).toEqual([0, 0]);
  await using db = await openPersistence({ storage: 'opfs', name });
  expect((await db.info()).journalMode).toBe('truncate');
  expect(await db.verify()).toMatchObject({ ok: true, problems: [] });
}

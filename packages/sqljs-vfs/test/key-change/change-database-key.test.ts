/** Encryption, decryption and new keys of databases that exist: what is kept, what is refused, what others notice. */
import { describe, expect, it } from 'vitest';
import {
  changeDatabaseKey,
  LockLevel,
  type MemoryDisk,
  memoryStorage,
  openDatabase,
} from '../../src/index.ts';
import type { GrowingBytes } from '../../src/storages/memory/growing-bytes.ts';
import { observedStorage, wrapFile, wrapStorage } from '../../src/testing/index.ts';
import { bytesOf, contentOf, copyOf, counterOf, diskWith } from './changed-databases.ts';

const FIRST = new Uint8Array(32).fill(1);
const SECOND = new Uint8Array(32).fill(2);
const PASSPHRASE = 'correct horse battery staple';
const RESERVED_OFFSET = 20;

describe.each([
  ['encryption', undefined, FIRST],
  ['decryption', FIRST, undefined],
  ['a passphrase instead of a raw key', FIRST, PASSPHRASE],
  ['a raw key instead of a passphrase', PASSPHRASE, FIRST],
])('%s', (_, key, newKey) => {
  it('keeps rows, row ids, schema and settings, and ends with the new key only', async () => {
    const disk = await diskWith(key);
    const before = await contentOf(memoryStorage(disk), key);
    const counter = await counterOf(memoryStorage(disk), key);
    const progress: number[] = [];
    await changeDatabaseKey(memoryStorage(disk), {
      key,
      newKey,
      onProgress: (done, total) => progress.push(done / total),
    });
    expect(await contentOf(memoryStorage(disk), newKey)).toEqual(before);
    // SQLite believes its cache where it finds a counter again.
    expect(counter).toBeGreaterThan(1);
    expect(await counterOf(memoryStorage(disk), newKey)).toBe(counter + 1);
    const code = key === undefined ? 'KEY_REQUIRED' : 'WRONG_KEY';
    await expect(contentOf(memoryStorage(disk), key)).rejects.toMatchObject({ code });
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    expect(progress.at(-1)).toBe(1);
    expect(bytesOf(disk).includes('some words')).toBe(newKey === undefined);
    if (newKey === undefined) expect(bytesOf(disk).charCodeAt(RESERVED_OFFSET)).toBe(0);
  });
});

it.each([
  ['pages of 512 bytes', 'PRAGMA page_size=512'],
  ['pages of 65536 bytes', 'PRAGMA page_size=65536'],
  ['UTF-16', "PRAGMA encoding='UTF-16le'"],
  ['auto_vacuum', 'PRAGMA auto_vacuum=1'],
  ['incremental auto_vacuum', 'PRAGMA auto_vacuum=2'],
])('a database with %s is encrypted and decrypted', async (_, first) => {
  const disk = await diskWith(undefined, first);
  const before = await contentOf(memoryStorage(disk), undefined);
  await changeDatabaseKey(memoryStorage(disk), { newKey: FIRST });
  expect(await contentOf(memoryStorage(disk), FIRST)).toEqual(before);
  await changeDatabaseKey(memoryStorage(disk), { key: FIRST });
  expect(await contentOf(memoryStorage(disk), undefined)).toEqual(before);
});

describe('refuses and leaves as it is', () => {
  it.each([
    ['encryption of what is encrypted', FIRST, undefined, SECOND, { code: 'KEY_REQUIRED' }],
    ['another key', FIRST, SECOND, undefined, { code: 'WRONG_KEY' }],
    ['decryption of a plain database', undefined, FIRST, undefined, { code: 'WRONG_KEY' }],
    ['no key at all', undefined, undefined, undefined, { name: 'TypeError' }],
  ])('%s', async (_, stored, key, newKey, error) => {
    const disk = await diskWith(stored);
    const before = bytesOf(disk);
    await expect(changeDatabaseKey(memoryStorage(disk), { key, newKey })).rejects.toMatchObject(error);
    expect(bytesOf(disk) === before).toBe(true);
    expect([...disk.files.keys()]).toEqual(['main']);
  });

  it('a damaged database', async () => {
    const disk = await diskWith(undefined);
    // An entry of an index is another one than its row's.
    const damaged = bytesOf(disk).lastIndexOf('five');
    disk.files.get('main')?.write(new TextEncoder().encode('four'), damaged);
    const before = bytesOf(disk);
    await expect(changeDatabaseKey(memoryStorage(disk), { newKey: FIRST })).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    expect(bytesOf(disk) === before).toBe(true);
  });

  it('an abort, before and while the journal is written', async () => {
    const disk = await diskWith(undefined);
    const before = bytesOf(disk);
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(changeDatabaseKey(memoryStorage(disk), { newKey: FIRST, signal: aborted })).rejects.toThrow(
      'enough',
    );
    const controller = new AbortController();
    const storage = observedStorage(memoryStorage(disk), ({ verb, role }) => {
      if (verb === 'write' && role === 'journal') controller.abort(new Error('enough'));
    });
    await expect(changeDatabaseKey(storage, { newKey: FIRST, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    expect(bytesOf(disk) === before).toBe(true);
    expect(disk.files.has('journal')).toBe(false);
    expect(await contentOf(memoryStorage(disk), undefined)).toHaveLength(13);
  });

  it.each(['reserved', 'shared'] as const)(
    'a file on which another connection has a %s lock',
    async (level) => {
      const disk = await diskWith(undefined);
      const before = bytesOf(disk);
      const other = memoryStorage(disk).open('main', { create: false, exclusive: false, readOnly: false });
      other.lock(LockLevel.shared);
      other.lock(LockLevel[level]);
      const changed = changeDatabaseKey(memoryStorage(disk), { newKey: FIRST, busyDeadlineMs: 0 });
      await expect(changed).rejects.toMatchObject({ resultCode: 5 });
      expect(bytesOf(disk) === before).toBe(true);
      other.close();
      await changeDatabaseKey(memoryStorage(disk), { newKey: FIRST });
    },
  );
});

it('lets no other connection write meanwhile, nor go on with the old key', async () => {
  const disk = await diskWith(undefined);
  const other = await openDatabase(memoryStorage(disk));
  const insert = (): unknown => other.database.run("INSERT INTO kept VALUES ('late')");
  insert();
  const refusals: unknown[] = [];
  const storage = observedStorage(memoryStorage(disk), ({ verb, role }) => {
    if (verb !== 'write' || role === 'wal') return;
    try {
      refusals.push(insert());
    } catch (error) {
      refusals.push((error as { resultCode?: number }).resultCode);
    }
  });
  await changeDatabaseKey(storage, { newKey: FIRST });
  expect(new Set(refusals)).toEqual(new Set([5]));
  const before = bytesOf(disk);
  expect(insert).toThrow(expect.objectContaining({ resultCode: 26 }));
  other.close();
  expect(bytesOf(disk) === before).toBe(true);
});

it.each([
  ['encryption', undefined, FIRST, SECOND, 'KEY_REQUIRED'],
  ['decryption', FIRST, undefined, undefined, 'WRONG_KEY'],
  ['another key', FIRST, SECOND, PASSPHRASE, 'WRONG_KEY'],
])('of two changes at once (%s), the later one learns that its key is the old one', async (...change) => {
  const [, key, newKey, otherKey, code] = change;
  const disk = await diskWith(key);
  const outcomes = await Promise.allSettled(
    [newKey, otherKey].map((wanted) => changeDatabaseKey(memoryStorage(disk), { key, newKey: wanted })),
  );
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code } });
});

/** @returns the disk in the middle of a commit: its pages are written, and its journal is still there */
async function interruptedCommit(disk: MemoryDisk): Promise<MemoryDisk> {
  let interrupted = disk;
  const storage = observedStorage(memoryStorage(disk), ({ verb, role }) => {
    if (verb === 'truncate' && role === 'journal') interrupted = copyOf(disk);
  });
  const opened = await openDatabase(storage);
  opened.database.run('DELETE FROM kept');
  opened.close();
  return interrupted;
}

it('lets no reader see what a killed process has not committed', async () => {
  const disk = await diskWith(undefined);
  const interrupted = await interruptedCommit(copyOf(disk));
  const reader = await openDatabase(memoryStorage(disk));
  const seen: unknown[] = [];
  const read = (): unknown => seen.push(reader.database.exec('SELECT count(*) FROM kept')[0]?.values[0]?.[0]);
  read();
  const memory = memoryStorage(disk);
  const storage = wrapStorage(memory, {
    open(role, mode) {
      const file = memory.open(role, mode);
      if (role !== 'main' || mode.create || mode.readOnly) return file;
      // The change opens the file for its locks, after SQLite has opened it. The other process ends just now.
      file.write(interrupted.files.get('main')?.copy().view() as Uint8Array, 0);
      disk.files.set('journal', interrupted.files.get('journal')?.copy() as GrowingBytes);
      return wrapFile(file, {
        lock(level) {
          const isLocked = file.lock(level);
          if (isLocked && level === LockLevel.reserved) read();
          return isLocked;
        },
      });
    },
  });
  await changeDatabaseKey(storage, { newKey: FIRST });
  expect(seen).toEqual([2, 2]);
  reader.close();
});

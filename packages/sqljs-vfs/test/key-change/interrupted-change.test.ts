/** A change of keys that ends in the middle: at every write, whole or torn, the next connection finds the old database. */
import { describe, expect, it } from 'vitest';
import {
  changeDatabaseKey,
  type EncryptionKey,
  type MemoryDisk,
  memoryStorage,
  type Storage,
} from '../../src/index.ts';
import { observedStorage, wrapFile, wrapStorage } from '../../src/testing/index.ts';
import { bytesOf, contentOf, copyOf, diskWith } from './changed-databases.ts';

const systemFailure = (code: string): Error => Object.assign(new Error(code), { code });

const failureOf = (change: Promise<void>): Promise<Error | undefined> =>
  change.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

const FIRST = new Uint8Array(32).fill(1);
const SECOND = new Uint8Array(32).fill(2);
/** A write is torn at these places. */
const PIECE_BYTES = 9000;

/** Keeps copies of the disk before each operation, and within each write. */
function photographed(disk: MemoryDisk, pictures: MemoryDisk[]): Storage {
  const take = (): void => void pictures.push(copyOf(disk));
  const storage = memoryStorage(disk);
  return wrapStorage(storage, {
    open(role, mode) {
      const file = storage.open(role, mode);
      return wrapFile(file, {
        write(source, offset) {
          for (let start = 0; start < source.length; start += PIECE_BYTES) {
            take();
            file.write(source.subarray(start, start + PIECE_BYTES), offset + start);
          }
        },
        truncate(sizeBytes) {
          take();
          file.truncate(sizeBytes);
        },
      });
    },
    delete(role, options) {
      take();
      storage.delete(role, options);
    },
  });
}

/** Opens a copy of a disk with a key, which may be the wrong one. */
async function tryOpening(disk: MemoryDisk, key: EncryptionKey | undefined): Promise<unknown> {
  return contentOf(memoryStorage(disk), key).catch((error: unknown) => (error as { code?: string }).code);
}

const CHANGES = [
  ['encryption', undefined, FIRST],
  ['decryption', FIRST, undefined],
  ['another key', FIRST, SECOND],
] as const;

describe.each(CHANGES)('%s', (_, key, newKey) => {
  it('that is killed leaves the old database, whoever opens it next', async () => {
    const disk = await diskWith(key, 'PRAGMA auto_vacuum=1');
    const before = await contentOf(memoryStorage(disk), key);
    const old = bytesOf(disk);
    const pictures: MemoryDisk[] = [];
    await changeDatabaseKey(photographed(disk, pictures), { key, newKey });
    expect(pictures.length).toBeGreaterThan(20);
    let changedCount = 0;
    for (const picture of pictures) {
      if (bytesOf(picture) !== old) changedCount++;
      expect(await tryOpening(copyOf(picture), key)).toEqual(before);
      // One who has no key, or another one, learns that, and leaves the old file to those who have it.
      for (const other of [undefined, SECOND, newKey]) {
        if (other === key) continue;
        const visited = copyOf(picture);
        expect(await tryOpening(visited, other)).toBe(other === undefined ? 'KEY_REQUIRED' : 'WRONG_KEY');
        expect(await tryOpening(visited, key)).toEqual(before);
        expect(visited.files.has('journal')).toBe(false);
      }
    }
    expect(changedCount).toBeGreaterThan(3);
  });

  it('that has no room is SQLITE_FULL and undone, and works the next time', async () => {
    const disk = await diskWith(key);
    const before = await contentOf(memoryStorage(disk), key);
    const old = bytesOf(disk);
    let failedCount = 0;
    for (let failing = 1; ; failing++) {
      let calls = 0;
      const storage = observedStorage(memoryStorage(disk), ({ verb, role }) => {
        if (role === 'wal' || !['write', 'truncate', 'sync', 'delete'].includes(verb)) return;
        if (++calls === failing) throw systemFailure('ENOSPC');
      });
      const failure = await failureOf(changeDatabaseKey(storage, { key, newKey }));
      if (failure === undefined) break;
      failedCount++;
      expect(failure).toMatchObject({ name: 'SqliteError', resultCode: 13 });
      expect(bytesOf(disk) === old).toBe(true);
      expect(disk.files.has('journal')).toBe(false);
    }
    expect(failedCount).toBeGreaterThan(8);
    expect(await contentOf(memoryStorage(disk), newKey)).toEqual(before);
  });
});

type When = 'before' | 'after';

/** Fails a call before or after it is made. @param fails - asked about each call from the moment on when the change locks the file */
function failingStorage(disk: MemoryDisk, when: When, fails: (call: string) => boolean): Storage {
  const memory = memoryStorage(disk);
  let isCounting = false;
  const run = <T>(call: string, make: () => T): T => {
    if (!isCounting || !fails(call)) return make();
    if (when === 'after') make();
    throw systemFailure('EIO');
  };
  return wrapStorage(memory, {
    open(role, mode) {
      // The change opens the file for its locks; SQLite would create it.
      isCounting ||= role === 'main' && !mode.create && !mode.readOnly;
      const file = run(`open ${role}`, () => memory.open(role, mode));
      return wrapFile(file, {
        read: (target, offset) => run(`read ${role}`, () => file.read(target, offset)),
        write: (source, offset) => run(`write ${role}`, () => file.write(source, offset)),
        truncate: (sizeBytes) => run(`truncate ${role}`, () => file.truncate(sizeBytes)),
        sync: () => run(`sync ${role}`, () => file.sync()),
        sizeBytes: () => run(`size of ${role}`, () => file.sizeBytes()),
        lock: (level) => run(`lock ${role}`, () => file.lock(level)),
        unlock: (level) => run(`unlock ${role}`, () => file.unlock(level)),
        close: () => run(`close ${role}`, () => file.close()),
      });
    },
    delete: (role, options) => run(`delete ${role}`, () => memory.delete(role, options)),
    exists: (role) => run(`exists ${role}`, () => memory.exists(role)),
    close: () => run('close storage', () => undefined),
  });
}

it.each([
  { when: 'before', mayBeUndone: [] },
  { when: 'after', mayBeUndone: ['delete journal'] },
] as const)(
  'a call that fails $when it is made is a typed error, and never makes a changed key look unchanged',
  async ({ when, mayBeUndone }) => {
    const prepared = await diskWith(undefined);
    const before = bytesOf(prepared);
    const uncertain: string[] = [];
    for (let failing = 1; ; failing++) {
      const disk = copyOf(prepared);
      let failed: string | undefined;
      let calls = 0;
      const storage = failingStorage(disk, when, (call) => {
        if (++calls === failing) failed = call;
        return calls === failing;
      });
      const error = await failureOf(changeDatabaseKey(storage, { newKey: FIRST }));
      if (failed === undefined) break;
      const isChanged = bytesOf(disk) !== before;
      const saysSo =
        error === undefined || error.message.includes('was changed, but a loss of power may undo it');
      expect([failed, saysSo]).toEqual([failed, isChanged]);
      // An empty journal is one to nobody.
      expect([failed, disk.files.get('journal')?.view().length ?? 0]).toEqual([failed, 0]);
      if (error === undefined) continue;
      expect(['SqliteError', 'VfsError'], `${failed}: ${error.stack}`).toContain(error.name);
      if (isChanged) uncertain.push(failed);
    }
    expect(uncertain).toEqual(mayBeUndone);
  },
);

it.each([1, 2])('a callback that throws when all is done (call %i) undoes the change', async (failing) => {
  const disk = await diskWith(undefined);
  const before = bytesOf(disk);
  let calls = 0;
  const onProgress = (done: number, total: number): void => {
    if (done === total && ++calls === failing) throw new Error('the caller fails');
  };
  await expect(changeDatabaseKey(memoryStorage(disk), { newKey: FIRST, onProgress })).rejects.toThrow(
    'the caller fails',
  );
  expect(bytesOf(disk) === before).toBe(true);
});

it('a file that does not hold what was written is written back as it was', async () => {
  const disk = await diskWith(undefined);
  const before = bytesOf(disk);
  const memory = memoryStorage(disk);
  const storage = wrapStorage(memory, {
    open(role, mode) {
      const file = memory.open(role, mode);
      if (role !== 'main' || mode.create || mode.readOnly) return file;
      const write = (source: Uint8Array, offset: number): void => {
        const last = source.length - 1;
        file.write(offset === 0 ? source : source.with(last, (source[last] as number) ^ 1), offset);
      };
      return wrapFile(file, { write });
    },
  });
  await expect(changeDatabaseKey(storage, { newKey: FIRST })).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(bytesOf(disk) === before).toBe(true);
});

describe('a journal that the system does not let us read', () => {
  it('is CANNOT_OPEN', async () => {
    const disk = await diskWith(undefined);
    const memory = memoryStorage(disk);
    const unreadable = wrapStorage(memory, {
      exists: (role) => role === 'journal' || memory.exists(role),
      open(role, mode) {
        if (role === 'journal') throw systemFailure('EACCES');
        return memory.open(role, mode);
      },
    });
    for (const key of [undefined, FIRST]) {
      await expect(contentOf(unreadable, key)).rejects.toMatchObject({
        code: 'CANNOT_OPEN',
        cause: { code: 'EACCES' },
      });
    }
  });

  it('does not hide why a change has failed', async () => {
    let isForbidden = false;
    const storage = observedStorage(memoryStorage(await diskWith(undefined)), ({ verb, role }) => {
      if (isForbidden && verb === 'exists') throw systemFailure('EACCES');
      if (verb === 'sync' && role === 'journal') {
        isForbidden = true;
        throw systemFailure('ENOSPC');
      }
    });
    await expect(changeDatabaseKey(storage, { newKey: FIRST })).rejects.toMatchObject({
      resultCode: 13,
      cause: { code: 'ENOSPC' },
    });
  });
});

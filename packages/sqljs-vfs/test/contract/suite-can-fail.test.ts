/** Negative controls of the contract suite: each broken storage must fail a case of the promise that it breaks. */
import { expect, it } from 'vitest';
import { MemoryDisk, memoryStorage } from '../../src/index.ts';
import type { Storage, StorageFile } from '../../src/contract/storage.ts';
import { StorageTestContext, storageCases } from '../../src/testing/index.ts';

/** Replaces methods of every file that a storage opens. */
function withFiles(storage: Storage, breakFile: (file: StorageFile) => Partial<StorageFile>): Storage {
  return {
    ...storage,
    open(role, mode) {
      const file = storage.open(role, mode);
      return Object.assign(file, breakFile(file));
    },
  };
}

interface BrokenStorage {
  readonly breaks: string;
  readonly how: string;
  readonly make: (disk: MemoryDisk) => Storage;
}

const BROKEN: readonly BrokenStorage[] = [
  {
    breaks: 'promise 1',
    how: 'other handles never see a write',
    make: () => memoryStorage(new MemoryDisk()),
  },
  {
    breaks: 'promise 2',
    how: 'a short read is reported as complete',
    make: (disk) =>
      withFiles(memoryStorage(disk), (file) => {
        const read = file.read.bind(file);
        return {
          read(target, offset) {
            read(target, offset);
            return target.length;
          },
        };
      }),
  },
  {
    breaks: 'promise 3',
    how: 'a gap contains garbage',
    make: (disk) =>
      withFiles(memoryStorage(disk), (file) => {
        const write = file.write.bind(file);
        return {
          write(source, offset) {
            const gapBytes = offset - file.sizeBytes();
            if (gapBytes > 0) write(new Uint8Array(gapBytes).fill(0xaa), file.sizeBytes());
            write(source, offset);
          },
        };
      }),
  },
  {
    breaks: 'promise 4',
    how: 'truncating does nothing',
    make: (disk) => withFiles(memoryStorage(disk), () => ({ truncate() {} })),
  },
  {
    breaks: 'promise 5',
    how: 'sync discards written bytes',
    make: (disk) => withFiles(memoryStorage(disk), (file) => ({ sync: () => file.truncate(0) })),
  },
  {
    breaks: 'promise 6',
    how: 'an empty file exists',
    make: (disk) => ({ ...memoryStorage(disk), exists: (role) => disk.files.has(role) }),
  },
  {
    breaks: 'promise 7',
    how: 'deleting a missing file succeeds',
    make: (disk) => ({ ...memoryStorage(disk), delete: (role) => void disk.files.delete(role) }),
  },
  {
    breaks: 'promise 8',
    how: 'every lock is granted',
    make: (disk) => withFiles(memoryStorage(disk), () => ({ lock: () => true })),
  },
  {
    breaks: 'promise 8',
    how: 'closing keeps the locks',
    make: (disk) => withFiles(memoryStorage(disk), () => ({ close() {} })),
  },
  {
    breaks: 'promise 9',
    how: 'an exclusive open accepts an existing file',
    make: (disk) => {
      const storage = memoryStorage(disk);
      return { ...storage, open: (role, mode) => storage.open(role, { ...mode, exclusive: false }) };
    },
  },
  {
    breaks: 'promise 10',
    how: 'storages share no content',
    make: () => memoryStorage(new MemoryDisk()),
  },
];

async function failsOn(make: BrokenStorage['make'], promise: string): Promise<string[]> {
  const failed: string[] = [];
  const cases = storageCases.filter(({ title }) => title.startsWith(`${promise}:`) && !/ GiB/.test(title));
  expect(cases.length).toBeGreaterThan(0);
  for (const storageCase of cases) {
    const disk = new MemoryDisk();
    const context = new StorageTestContext({ storage: () => make(disk) }, expect);
    try {
      await storageCase.run(context);
    } catch {
      failed.push(storageCase.title);
    }
  }
  return failed;
}

it.each(BROKEN)('a case of $breaks fails when $how', async ({ breaks, make }) => {
  expect(await failsOn(make, breaks)).not.toEqual([]);
});

it('an intact storage passes every case', async () => {
  for (const promise of new Set(BROKEN.map(({ breaks }) => breaks))) {
    expect(await failsOn(memoryStorage, promise)).toEqual([]);
  }
});

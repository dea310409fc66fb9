/** SQLite omits syncs if the VFS claims that the device writes in order. Simulated crashes show the data loss. */
import { afterEach, expect, it, vi } from 'vitest';
import { crashFileStorage } from '../../../../tests/crash/file/index.node.ts';

const POWERSAFE_OVERWRITE = 0x1000;
const SEQUENTIAL = 0x400;
const claimed = vi.hoisted(() => ({ characteristics: 0x1000 }));
vi.mock('../../src/sqlite/sqlite3-structs.ts', async (importOriginal) => {
  const layout: object = await importOriginal();
  return Object.create(layout, {
    ...Object.getOwnPropertyDescriptors({ ...layout }),
    IOCAP_POWERSAFE_OVERWRITE: { get: () => claimed.characteristics, enumerable: true },
  }) as object;
});

afterEach(() => void (claimed.characteristics = POWERSAFE_OVERWRITE));

it('a claim of SEQUENTIAL loses data', async () => {
  claimed.characteristics = POWERSAFE_OVERWRITE | SEQUENTIAL;
  const { failures } = await crashFileStorage(
    { name: 'sequential', options: {}, pragmas: ['cache_size=5'] },
    { points: 480, seed: 1 },
  );
  expect(failures.length).toBeGreaterThan(0);
});

it('the real claim loses nothing', async () => {
  const { failures } = await crashFileStorage(
    { name: 'powersafe overwrite', options: {}, pragmas: ['cache_size=5'] },
    { points: 480, seed: 1 },
  );
  expect(failures).toEqual([]);
});

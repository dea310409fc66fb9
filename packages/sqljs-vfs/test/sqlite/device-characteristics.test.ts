/** SQLite leaves syncs out where the device is said to write in order; simulated crashes show what that costs. */
import { afterEach, expect, it, vi } from 'vitest';
import { crashFileStorage } from '../../../../tests/crash/file/index.node.ts';

const POWERSAFE_OVERWRITE = 0x1000;
const SEQUENTIAL = 0x400;
const said = vi.hoisted(() => ({ characteristics: 0x1000 }));
vi.mock('../../src/sqlite/sqlite3-structs.ts', async (importOriginal) => {
  const layout: object = await importOriginal();
  return Object.create(layout, {
    ...Object.getOwnPropertyDescriptors({ ...layout }),
    IOCAP_POWERSAFE_OVERWRITE: { get: () => said.characteristics, enumerable: true },
  }) as object;
});

afterEach(() => void (said.characteristics = POWERSAFE_OVERWRITE));

it('claiming SEQUENTIAL must fail', async () => {
  said.characteristics = POWERSAFE_OVERWRITE | SEQUENTIAL;
  const { failures } = await crashFileStorage(
    { name: 'sequential', options: {}, pragmas: ['cache_size=5'] },
    { points: 480, seed: 1 },
  );
  expect(failures.length).toBeGreaterThan(0);
});

it('claiming nothing of the kind does not', async () => {
  const { failures } = await crashFileStorage(
    { name: 'honest', options: {}, pragmas: ['cache_size=5'] },
    { points: 480, seed: 1 },
  );
  expect(failures).toEqual([]);
});

/** Power loss during the work of core, with group commits: every resolved call is stored completely. */
import { DiskHistory, INTACT_DISK, SimulatedDisk, crashImage, emptyRoot } from './file/index.node.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { expect, it } from 'vitest';
import type { Persistence } from '../../packages/core/src/index.ts';
import { openOnStorage } from '../../packages/core/src/persistence/open-in-process.ts';
import { memoryOf, receiptOf, upTo } from '../../packages/core/src/testing/persistence-case.ts';

const PATH = '/data/ggen.db';
/** Number of power losses at any point, opening included, and between the first and the last write. */
const POINTS = { anywhere: 50, duringWrites: 100 } as const;
/** The same in each check, which is never red by chance. `pnpm crash-tests` tries a new seed in each run. */
const seed = Number(process.env['CRASH_SEED'] ?? 20_260_101);

/** A call that resolved after `at` operations on the disk. */
interface Acknowledged {
  readonly name: string;
  readonly at: number;
}

function open(disk: SimulatedDisk, exclusive: boolean): Promise<Persistence> {
  return openOnStorage(() => disk.process().storage(PATH), { storage: 'file', path: PATH, exclusive });
}

/** Runs four callers that record receipts with memories, each its next one when the last has resolved. */
async function work(disk: SimulatedDisk, exclusive: boolean): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const db = await open(disk, exclusive);
  const callers = upTo(4).map(async (caller) => {
    for (const n of upTo(8)) {
      const name = `${caller}-${n}`;
      await db.record({ receipts: [receiptOf(name)], memories: [memoryOf(name)] });
      acknowledged.push({ name, at: disk.operations.length });
    }
  });
  await Promise.all(callers);
  await db.close();
  return acknowledged;
}

it.each([false, true])(
  `power loss loses no resolved call (CRASH_SEED=${seed}, exclusive: %s)`,
  async (exclusive) => {
    const disk = new SimulatedDisk();
    const acknowledged = await work(disk, exclusive);
    const random = new SeededRandom(seed);
    const [firstWrite = 0, lastWrite = 0] = [acknowledged[0]?.at, acknowledged.at(-1)?.at];
    const points = [
      ...upTo(POINTS.anywhere).map(() => random.below(disk.operations.length + 1)),
      ...upTo(POINTS.duringWrites).map(() => firstWrite + random.below(lastWrite - firstWrite)),
    ];
    const history = new DiskHistory(emptyRoot(), disk.operations, INTACT_DISK);
    let withSomeRows = 0;
    for (const operation of points.toSorted((some, other) => some - other)) {
      history.replayTo(operation);
      const image = crashImage(history, random);
      const db = await open(new SimulatedDisk(image.root), exclusive);
      const found = (await db.queryReceipts()).map(({ executionId }) => executionId);
      const where = `${image.policy} after ${operation} operations`;
      const promised = acknowledged.filter(({ at }) => at <= operation).map(({ name }) => name);
      expect(
        promised.filter((name) => !found.includes(name)),
        where,
      ).toEqual([]);
      // Each batch is a receipt and a memory, so their numbers differ if a batch is stored in part.
      expect((await db.queryMemory()).length, where).toBe(found.length);
      expect((await db.verify()).ok, where).toBe(true);
      if (found.length > 0 && found.length < acknowledged.length) withSomeRows++;
      await db.close();
    }
    expect(withSomeRows).toBeGreaterThan(POINTS.duringWrites / 2);
  },
);

/** Loss of power under core's own work, group commits and all: what was resolved is there, as a whole. */
import { DiskHistory, HONEST_DISK, SimulatedDisk, crashImage, emptyRoot } from './file/index.node.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { expect, it } from 'vitest';
import type { Persistence } from '../../packages/core/src/index.ts';
import { openOnStorage } from '../../packages/core/src/persistence/open-in-process.ts';
import { memoryOf, receiptOf, upTo } from '../../packages/core/src/testing/persistence-case.ts';

const PATH = '/data/ggen.db';
/** Losses of power: some anywhere, opening included, and the rest among the saves. */
const POINTS = { anywhere: 50, amongSaves: 100 } as const;
/** Another one each day; repeat one with CRASH_SEED. */
const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Date.now() / 86_400_000));

/** A save that resolved, and when: so many changes of the disk had been asked for. */
interface Acknowledged {
  readonly name: string;
  readonly at: number;
}

function open(disk: SimulatedDisk, exclusive: boolean): Promise<Persistence> {
  return openOnStorage(() => disk.process().storage(PATH), { storage: 'file', path: PATH, exclusive });
}

/** Four callers that save receipts with memories, each its next one when the last has resolved. */
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

it.each([false, true])(`CRASH_SEED=${seed}, exclusive: %s`, async (exclusive) => {
  const disk = new SimulatedDisk();
  const acknowledged = await work(disk, exclusive);
  const random = new SeededRandom(seed);
  const [firstSave = 0, lastSave = 0] = [acknowledged[0]?.at, acknowledged.at(-1)?.at];
  const points = [
    ...upTo(POINTS.anywhere).map(() => random.below(disk.operations.length + 1)),
    ...upTo(POINTS.amongSaves).map(() => firstSave + random.below(lastSave - firstSave)),
  ];
  const history = new DiskHistory(emptyRoot(), disk.operations, HONEST_DISK);
  let partly = 0;
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
    // A batch is a receipt and a memory: one without the other would be half of it.
    expect((await db.queryMemory()).length, where).toBe(found.length);
    expect((await db.verify()).ok, where).toBe(true);
    if (found.length > 0 && found.length < acknowledged.length) partly++;
    await db.close();
  }
  expect(partly).toBeGreaterThan(POINTS.amongSaves / 2);
});

/**
 * Random histories of three databases over one target in memory, against a model. Calls of the target fail before or after
 * they have happened, come twice, and come late. Set GGEN_SIM_SYNC_HISTORIES for a longer campaign.
 */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { encryptedTarget, SyncError, type PushedBatch, type SyncTarget } from '../src/index.ts';
import { hubIn } from '../src/targets/file-target.ts';
import type { SeededRandom } from '../../../tests/support/seeded-random.ts';
import { runHistory, type Place } from './random-history.ts';

const HISTORIES = Number(process.env['GGEN_SIM_SYNC_HISTORIES'] ?? 4);

/** A target whose calls fail, come twice and come late, as those over a network do. */
function unreliable(target: SyncTarget, random: SeededRandom, late: PushedBatch[]): SyncTarget {
  const lost = (): SyncError => new SyncError('SYNC_UNREACHABLE', 'The connection was lost');
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (random.chance(1 / 8)) throw lost();
    const result = await work();
    // It has happened, and nobody hears of it.
    if (random.chance(1 / 5)) throw lost();
    return result;
  };
  return {
    id: () => target.id(),
    cursor: (origin) => call(() => target.cursor(origin)),
    unknown: (leaves) => call(() => target.unknown(leaves)),
    push: (batch) =>
      call(async () => {
        late.push(batch);
        if (random.chance(1 / 3)) await target.push(batch);
        const result = await target.push(batch);
        // An earlier one was on its way for long.
        const earlier = late[random.below(late.length)];
        if (earlier !== undefined && random.chance(1 / 3)) await target.push(earlier);
        return result;
      }),
    pull: (request) => call(() => target.pull({ ...request, limit: 1 + random.below(7) })),
    cosign: (note) => call(() => target.cosign(note)),
    subscribe: (signal) => target.subscribe(signal),
    close: async () => undefined,
  };
}

async function inMemory(): Promise<Place> {
  const target = hubIn(await openDatabase(memoryStorage()));
  return {
    unreliable: (random) => unreliable(target, random, []),
    reliable: () => target,
    close: () => target.close(),
  };
}

/** The same with a key, over one target that is unreliable until the end. */
async function inMemoryWithKey(): Promise<Place> {
  const { unreliable: makeUnreliable, reliable, close } = await inMemory();
  let inner = reliable();
  const target = await encryptedTarget(
    {
      id: () => inner.id(),
      cursor: (origin) => inner.cursor(origin),
      unknown: (leaves) => inner.unknown(leaves),
      push: (batch) => inner.push(batch),
      pull: (request) => inner.pull(request),
      cosign: (note) => inner.cosign(note),
      subscribe: (signal) => inner.subscribe(signal),
      close: () => inner.close(),
    },
    new Uint8Array(32).fill(7),
  );
  return {
    unreliable: (random) => {
      inner = makeUnreliable(random);
      return target;
    },
    reliable: () => {
      inner = reliable();
      return target;
    },
    close,
  };
}

it.each(Array.from({ length: HISTORIES }, (_, index) => index + 1))(
  'three databases come to the same rows (history %i)',
  async (seed) => {
    await expect(runHistory(seed, inMemory)).resolves.toBeUndefined();
  },
);

it.each(Array.from({ length: Math.ceil(HISTORIES / 2) }, (_, index) => index + 1))(
  'three databases with a key come to the same rows (history %i)',
  async (seed) => {
    await expect(runHistory(seed, inMemoryWithKey)).resolves.toBeUndefined();
  },
);

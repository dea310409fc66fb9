/**
 * Database files that are wrong in every way a seed can make them: refused with a reason or read rightly, and the
 * process lives on. `HOSTILE_FILES` says how many (2,000 if it does not), `HOSTILE_SEED` which. What a seed has found
 * stays as a test of its own in `hostile-schemas.test.ts`.
 */
import { expect, it } from 'vitest';
import { mutationsOf } from './hostile-files/mutation.ts';
import { TrialPlace } from './hostile-files/trial-harness.ts';

const COUNT = Number(process.env['HOSTILE_FILES'] ?? 2000);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20_260_129);
/** A bound for a machine that stands still, no measure of speed. */
const TIMEOUT_MS = 300_000 + COUNT * 200;

const place = new TrialPlace();

it(
  `${COUNT} damaged databases, by seed ${SEED}`,
  async () => {
    const mutations = mutationsOf(SEED, COUNT, place.soundDatabases.length);
    const outcomes = await place.try(mutations);
    const counts = new Map<string, number>();
    for (const { opening } of outcomes) counts.set(opening, (counts.get(opening) ?? 0) + 1);
    const sound = outcomes.filter((outcome) => 'isSound' in outcome && outcome.isSound).length;
    // oxlint-disable-next-line no-console -- what was tried is part of what was found
    console.log(`seed ${SEED}: ${JSON.stringify({ ...Object.fromEntries(counts), sound })}`);
    const broken = outcomes.flatMap(({ broken: promises }, index) =>
      promises.map((promise) => ({ promise, mutation: JSON.stringify(mutations[index]) })),
    );
    expect(broken.slice(0, 5)).toEqual([]);
    expect(outcomes).toHaveLength(COUNT);
    // Seeds that only make what is refused at once would prove little.
    expect(sound).toBeGreaterThan(COUNT / 20);
    expect(counts.get('CORRUPT')).toBeGreaterThan(COUNT / 20);
  },
  TIMEOUT_MS,
);

/**
 * Database files damaged at random by a seed: each is refused with a reason or read correctly, and the process survives.
 * `HOSTILE_FILES` is their number (default 200), `HOSTILE_SEED` the seed. A fault that a seed finds gets a test by name
 * in `hostile-schemas.test.ts`.
 */
import { expect, it } from 'vitest';
import { mutationsOf } from './hostile-files/mutation.ts';
import { TrialHarness } from './hostile-files/trial-harness.ts';

const COUNT = Number(process.env['HOSTILE_FILES'] ?? 200);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20_260_129);
/** Bound for a stalled machine; not a measure of speed. */
const TIMEOUT_MS = 300_000 + COUNT * 200;

const fixture = new TrialHarness();

it(
  `${COUNT} damaged databases, by seed ${SEED}`,
  async () => {
    const mutations = mutationsOf(SEED, COUNT, fixture.intactDatabases.length);
    const outcomes = await fixture.try(mutations);
    const counts = new Map<string, number>();
    for (const { opening } of outcomes) counts.set(opening, (counts.get(opening) ?? 0) + 1);
    const intact = outcomes.filter((outcome) => 'isIntact' in outcome && outcome.isIntact).length;
    // oxlint-disable-next-line no-console -- the seed is part of the result
    console.log(`seed ${SEED}: ${JSON.stringify({ ...Object.fromEntries(counts), intact })}`);
    const broken = outcomes.flatMap(({ broken: promises }, index) =>
      promises.map((promise) => ({ promise, mutation: JSON.stringify(mutations[index]) })),
    );
    expect(broken.slice(0, 5)).toEqual([]);
    expect(outcomes).toHaveLength(COUNT);
    // Files that are all refused at once would prove little.
    expect(intact).toBeGreaterThan(COUNT / 20);
    expect(counts.get('CORRUPT')).toBeGreaterThan(COUNT / 20);
  },
  TIMEOUT_MS,
);

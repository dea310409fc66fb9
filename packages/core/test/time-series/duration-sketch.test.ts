/** Percentiles of a sketch beside those of the sorted durations. */
import { expect, it } from 'vitest';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import { upTo } from '../../src/testing/persistence-case.ts';
import { DurationSketch } from '../../src/time-series/duration-sketch.ts';

const SHARES = [0.01, 0.5, 0.95, 0.99, 1];

const DISTRIBUTIONS: readonly (readonly [string, (random: SeededRandom) => number])[] = [
  ['even', (random) => random.below(1000)],
  ['small', (random) => random.between(0, 3)],
  ['one value', () => 1],
  ['with a long tail', (random) => Math.round(1 / (1 - random.fraction()) ** 3)],
  ['far apart', (random) => (random.chance(0.5) ? 1 : 9e15)],
  ['fractions', (random) => random.fraction() / 1000],
];

it.each(DISTRIBUTIONS)(
  'are within 1 %% of the exact ones, also merged from parts: %s',
  (_name, durationOf) => {
    for (const size of [1, 2, 3, 99, 100, 5000]) {
      const random = new SeededRandom(size);
      const durations = upTo(size).map(() => durationOf(random));
      const parts = upTo(7).map(() => new DurationSketch());
      const whole = new DurationSketch();
      for (const duration of durations) {
        random.oneOf(parts).add(duration);
        whole.add(duration);
      }
      const merged = new DurationSketch();
      for (const part of parts) merged.merge(part);
      expect(merged.percentiles(SHARES)).toEqual(whole.percentiles(SHARES));
      const sorted = durations.toSorted((left, right) => left - right);
      for (const [index, share] of SHARES.entries()) {
        const exact = sorted[Math.ceil(share * size) - 1] ?? Number.NaN;
        const estimated = whole.percentiles(SHARES)[index] ?? Number.NaN;
        expect(
          Math.abs(estimated - exact),
          `${share} of ${size}: ${estimated}, not ${exact}`,
        ).toBeLessThanOrEqual(exact / 100);
      }
    }
  },
);

it('of one duration are that duration, and none is beyond the least or the greatest', () => {
  const one = new DurationSketch();
  one.add(840);
  expect(one.percentiles(SHARES)).toEqual(SHARES.map(() => 840));
  const two = new DurationSketch();
  two.add(900_000);
  two.merge(one);
  expect(two.percentiles([1])).toEqual([900_000]);
});

it('has none without durations', () => {
  expect(new DurationSketch().percentiles([0.5])).toEqual([null]);
});

import type { Persistence } from '@ggen-sim/core';
import { expect, test } from 'vitest';
import { pacedQuery } from '../src/database/paced-query.ts';

const NO_PERSISTENCE = {} as Persistence;

/** A query under a clock of its own. */
function paced(durationsMs: readonly number[]): {
  readonly run: (afterMs: number) => Promise<unknown>;
  readonly pausesMs: number[];
} {
  let nowMs = 1000;
  const left = durationsMs.slice();
  const pausesMs: number[] = [];
  const query = pacedQuery(
    () => Promise.resolve((nowMs += left.shift() ?? 0)),
    () => nowMs,
    (pauseMs) => {
      pausesMs.push(pauseMs);
      nowMs += pauseMs;
      return Promise.resolve();
    },
  );
  const run = (afterMs: number): Promise<unknown> => {
    nowMs += afterMs;
    return query(NO_PERSISTENCE);
  };
  return { run, pausesMs };
}

test('a quick query follows every commit', async () => {
  const { run, pausesMs } = paced([0, 50, 100]);
  for (let commit = 0; commit < 4; commit += 1) await run(0);
  expect(pausesMs).toEqual([]);
});

test('a slow query leaves the database four fifths of the time, at most half a minute at once', async () => {
  const { run, pausesMs } = paced([500, 60_000, 1]);
  for (let commit = 0; commit < 4; commit += 1) await run(0);
  expect(pausesMs).toEqual([2000, 30_000]);
});

test('a commit after a quiet time is followed at once', async () => {
  const { run, pausesMs } = paced([500, 500]);
  await run(0);
  await run(2000);
  await run(1500);
  expect(pausesMs).toEqual([500]);
});

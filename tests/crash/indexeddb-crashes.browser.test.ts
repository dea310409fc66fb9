/** Simulated crashes of an IndexedDB database, and the same crashes with a defect, which the checks must notice. */
import { expect, it } from 'vitest';
import { CalledWorker } from '../../packages/sqljs-vfs/test/workers/calls.browser.ts';
import { crashIndexedDb } from './indexeddb/indexeddb-crashes.browser.ts';
import { raceIndexedDb } from './indexeddb/indexeddb-races.browser.ts';
import type { CrashReport } from './crash-report.ts';

declare global {
  interface ImportMeta {
    /** Environment variables of the test runner whose names begin with VITE_. */
    readonly env: Readonly<Record<string, string | undefined>>;
  }
}

const seed = Number(import.meta.env['VITE_CRASH_SEED'] ?? 20_260_101);
const points = Number(import.meta.env['VITE_CRASH_POINTS'] ?? 120);

/** Prints the report for the process that runs the tests. */
function reported(report: CrashReport): CrashReport {
  console.log(`CRASH_REPORT ${JSON.stringify(report)}`);
  return report;
}

const racePoints = Math.ceil(points / 10);
/** A control ends with the first seed that shows its defect, which most do within so many crashes. */
const controlPoints = 20;
const CONTROL_SEEDS = 4;
const timeoutMs = 60_000 + points * 1000;

// Half of them in a worker, which reads extents on demand, and half in the page, which has the file in memory.
const pointsEach = Math.ceil(points / 2);

it(
  `indexeddb: ${pointsEach} crashes in a worker lose no acknowledged transaction and store none in part (seed ${seed})`,
  async () => {
    const worker = new CalledWorker(
      new Worker(new URL('./indexeddb/crash-worker.browser.ts', import.meta.url), { type: 'module' }),
    );
    const report = reported((await worker.call('crash', { points: pointsEach, seed })) as CrashReport);
    worker.terminate();
    expect(report.failures).toEqual([]);
    expect(report.needingRecovery).toBeGreaterThan(pointsEach / 4);
  },
  timeoutMs,
);

it(
  `indexeddb: ${pointsEach} crashes in a page lose no acknowledged transaction and store none in part (seed ${seed})`,
  async () => {
    const report = reported(await crashIndexedDb({ points: pointsEach, seed: seed + 1 }));
    expect(report.failures).toEqual([]);
    expect(report.needingRecovery).toBeGreaterThan(pointsEach / 4);
  },
  timeoutMs,
);

// Encryption takes its place between the commit log and the browser, where all of these crashes happen.
const encryptedPoints = Math.ceil(points / 8);

it.each(['worker', 'page'])(
  `indexeddb: ${encryptedPoints} crashes of an encrypted database in a %s lose nothing (seed ${seed})`,
  async (where) => {
    const options = { points: encryptedPoints, seed: seed + 2, encrypted: true };
    const worker = new CalledWorker(
      new Worker(new URL('./indexeddb/crash-worker.browser.ts', import.meta.url), { type: 'module' }),
    );
    const report = reported(
      where === 'page'
        ? await crashIndexedDb(options)
        : ((await worker.call('crash', options)) as CrashReport),
    );
    worker.terminate();
    expect(report.failures).toEqual([]);
    expect(report.needingRecovery).toBeGreaterThan(encryptedPoints / 5);
  },
  timeoutMs,
);

it(
  `indexeddb: ${racePoints} races of two tabs without locks lose no acknowledged transaction (seed ${seed})`,
  async () => {
    const report = reported(await raceIndexedDb({ points: racePoints, seed }));
    expect(report.failures).toEqual([]);
    expect(report.needingRecovery).toBeGreaterThan(0);
  },
  timeoutMs,
);

/** Crashes with a defect, with one seed after another, until a report shows it. @returns the last report */
async function firstToFail(
  crash: (options: { points: number; seed: number }) => Promise<CrashReport>,
  reason: RegExp,
): Promise<CrashReport> {
  let report = await crash({ points: controlPoints, seed });
  for (let next = 1; next < CONTROL_SEEDS && !hasFailure(report, reason); next++) {
    report = await crash({ points: controlPoints, seed: seed + next });
  }
  return reported(report);
}

function hasFailure({ failures }: CrashReport, reason: RegExp): boolean {
  return failures.some((failure) => reason.test(failure.reason));
}

it.each([
  ['resolved before completion', /acknowledged transactions are missing/],
  ['before-images not restored', /in the tab that continued/],
  ['commits deleted too early', /cannot be read|damaged|missing|in part/],
] as const)(
  `negative control: with "%s" the checks fail (seed ${seed})`,
  async (defect, reason) => {
    const { failures } = await firstToFail((options) => crashIndexedDb({ ...options, defect }), reason);
    expect(failures.map((failure) => failure.reason)).toContainEqual(expect.stringMatching(reason));
  },
  timeoutMs,
);

it(
  `negative control: with "compare-and-swap off" the checks fail (seed ${seed})`,
  async () => {
    const defect = 'compare-and-swap off';
    const { failures } = await firstToFail((options) => raceIndexedDb({ ...options, defect }), /./u);
    expect(failures).not.toEqual([]);
  },
  timeoutMs,
);

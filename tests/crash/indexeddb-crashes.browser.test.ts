/** Simulated crashes of an IndexedDB database, and the same with something broken, which must be noticed. */
import { expect, it } from 'vitest';
import { crashIndexedDb } from './indexeddb/indexeddb-crashes.browser.ts';
import { raceIndexedDb } from './indexeddb/indexeddb-races.browser.ts';
import type { CrashReport } from './crash-report.ts';

declare global {
  interface ImportMeta {
    /** What the process that runs the tests was given under a name with VITE_. */
    readonly env: Readonly<Record<string, string | undefined>>;
  }
}

const seed = Number(import.meta.env['VITE_CRASH_SEED'] ?? 20_260_101);
const points = Number(import.meta.env['VITE_CRASH_POINTS'] ?? 400);

/** Hands the report to whoever runs the tests. */
function reported(report: CrashReport): CrashReport {
  console.log(`CRASH_REPORT ${JSON.stringify(report)}`);
  return report;
}

const racePoints = Math.ceil(points / 10);
const controlPoints = 60;
const timeoutMs = 60_000 + points * 1000;

it(
  `indexeddb: ${points} crashes lose nothing acknowledged and leave nothing half done (seed ${seed})`,
  async () => {
    const report = reported(await crashIndexedDb({ points, seed }));
    expect(report.failures).toEqual([]);
    expect(report.halfDone).toBeGreaterThan(points / 4);
  },
  timeoutMs,
);

it(
  `indexeddb: ${racePoints} races of two tabs without locks lose nothing acknowledged (seed ${seed})`,
  async () => {
    const report = reported(await raceIndexedDb({ points: racePoints, seed }));
    expect(report.failures).toEqual([]);
    expect(report.halfDone).toBeGreaterThan(0);
  },
  timeoutMs,
);

it.each([
  ['answered before it completes', /acknowledged transactions are missing/],
  ['pre-images not restored', /in the tab that went on/],
  ['commits removed too early', /cannot be read|damaged|missing|in part/],
] as const)(
  `control: with "%s" the crashes do harm (seed ${seed})`,
  async (defect, reason) => {
    const report = reported(await crashIndexedDb({ points: controlPoints, seed, defect }));
    expect(report.failures.map((failure) => failure.reason)).toContainEqual(expect.stringMatching(reason));
  },
  timeoutMs,
);

it(
  `control: with "compare-and-swap off" the races do harm (seed ${seed})`,
  async () => {
    const report = reported(
      await raceIndexedDb({ points: controlPoints, seed, defect: 'compare-and-swap off' }),
    );
    expect(report.failures).not.toEqual([]);
  },
  timeoutMs,
);

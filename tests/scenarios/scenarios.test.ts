/** Every operation there is, in any order, by two handles, through deaths and reopenings, against plain arrays. */
import { MemoryDisk, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FileOpenOptions } from '../../packages/core/src/index.ts';
import { drawStep, type ScenarioHarness, NUMBERS_PER_STEP, runScenario, storageHarness } from './index.ts';
import { TestDatabase } from '../../packages/core/test/support/test-database.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 25);
const SEED = process.env['MODEL_SEED'];

/** Steps as plain numbers: fast-check leaves steps out and makes numbers smaller until the shortest failure is left. */
const stories = fc.array(
  fc.array(fc.nat(100_000), { minLength: NUMBERS_PER_STEP, maxLength: NUMBERS_PER_STEP }),
  { minLength: 1, maxLength: 20, size: 'max' },
);

function filePlace(
  options: Omit<FileOpenOptions, 'storage' | 'path'>,
  shared: boolean,
): () => ScenarioHarness {
  return () => {
    const place = new TestDatabase();
    return storageHarness({
      makeStorage: () => fileStorage(place.file),
      options: { storage: 'file', path: place.file, ...options },
      persistent: true,
      shared,
      remove: () => place.end(),
    });
  };
}

function memoryPlace(): ScenarioHarness {
  return storageHarness({
    makeStorage: () => memoryStorage(),
    options: { storage: 'memory' },
    persistent: false,
    shared: false,
    remove: () => undefined,
  });
}

function memoryDiskPlace(): ScenarioHarness {
  const disk = new MemoryDisk();
  return storageHarness({
    makeStorage: () => memoryStorage(disk),
    options: { storage: 'memory' },
    persistent: true,
    shared: true,
    remove: () => undefined,
  });
}

const places: Readonly<Record<string, () => ScenarioHarness>> = {
  memory: memoryPlace,
  'memory that outlives its owners, two of them': memoryDiskPlace,
  'file, two owners': filePlace({}, true),
  'file, exclusive': filePlace({ exclusive: true }, false),
  'file, exclusive and relaxed': filePlace({ exclusive: true, durability: 'relaxed' }, false),
};

it.each(Object.entries(places))(
  'model: %s',
  async (_, makePlace) => {
    let calls = 0;
    let deaths = 0;
    let unanswered = 0;
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const report = await runScenario(makePlace(), story.map(drawStep));
        calls += report.calls;
        deaths += report.deaths;
        unanswered += report.unanswered;
      }),
      {
        numRuns: RUNS,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
        verbose: fc.VerbosityLevel.None,
      },
    );
    expect(calls).toBeGreaterThan(RUNS * 5);
    expect(deaths).toBeGreaterThan(0);
    if (process.env['MODEL_RUNS'])
      console.log(`${calls} calls, ${deaths} deaths, ${unanswered} of them with a call unanswered`);
  },
  3_600_000,
);

/** Random scenarios of every operation, with two handles, crashes and reopening, compared with a model of plain arrays. */
import { MemoryDisk, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FileOpenOptions } from '../../packages/core/src/index.ts';
import { drawStep, type ScenarioHarness, NUMBERS_PER_STEP, runScenario, storageHarness } from './index.ts';
import { TestDatabase } from '../../packages/core/test/support/test-database.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 12);
/** The same in each check, which is never red by chance. */
const SEED = Number(process.env['MODEL_SEED'] ?? 20_260_101);

/** Steps as plain numbers. fast-check removes steps and reduces numbers until the shortest failing scenario is left. */
const scenarios = fc.array(
  fc.array(fc.nat(100_000), { minLength: NUMBERS_PER_STEP, maxLength: NUMBERS_PER_STEP }),
  { minLength: 1, maxLength: 20, size: 'max' },
);

function fileHarness(
  options: Omit<FileOpenOptions, 'storage' | 'path'>,
  shared: boolean,
): () => ScenarioHarness {
  return () => {
    const database = new TestDatabase();
    return storageHarness({
      makeStorage: () => fileStorage(database.file),
      options: { storage: 'file', path: database.file, ...options },
      persistent: true,
      shared,
      remove: () => database.end(),
    });
  };
}

function memoryHarness(): ScenarioHarness {
  return storageHarness({
    makeStorage: () => memoryStorage(),
    options: { storage: 'memory' },
    persistent: false,
    shared: false,
    remove: () => undefined,
  });
}

function memoryDiskHarness(): ScenarioHarness {
  const disk = new MemoryDisk();
  return storageHarness({
    makeStorage: () => memoryStorage(disk),
    options: { storage: 'memory' },
    persistent: true,
    shared: true,
    remove: () => undefined,
  });
}

const harnesses: Readonly<Record<string, () => ScenarioHarness>> = {
  memory: memoryHarness,
  'memory that survives its two owners': memoryDiskHarness,
  'file, two owners': fileHarness({}, true),
  'file, exclusive': fileHarness({ exclusive: true }, false),
  'file, exclusive and relaxed': fileHarness({ exclusive: true, durability: 'relaxed' }, false),
};

it.each(Object.entries(harnesses))(
  'scenarios agree with the model: %s',
  async (_, makeHarness) => {
    let calls = 0;
    let crashes = 0;
    let unanswered = 0;
    let deletions = 0;
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const report = await runScenario(makeHarness(), scenario.map(drawStep));
        calls += report.calls;
        crashes += report.crashes;
        unanswered += report.unanswered;
        deletions += report.deletions;
      }),
      {
        numRuns: RUNS,
        seed: SEED,
        verbose: fc.VerbosityLevel.None,
      },
    );
    expect(calls).toBeGreaterThan(RUNS * 5);
    expect(crashes).toBeGreaterThan(0);
    if (process.env['MODEL_RUNS'])
      console.log(
        `${calls} calls, ${crashes} crashes, ${unanswered} of them with a call unanswered, ${deletions} cleanups that deleted rows`,
      );
  },
  3_600_000,
);

/** Random scenarios of every operation, with crashes and reopening, on each storage of Node, compared with a model. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  drawStep,
  type ScenarioHarness,
  NUMBERS_PER_STEP,
  runScenario,
  seededNumbers,
  storageHarness,
} from '../../scenarios/index.ts';
import { MemoryDisk, type Storage, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import type { CrashFailure, CrashReport } from '../crash-report.ts';
import type { CampaignOptions } from './campaign.ts';
import { withoutJournalWrites, withUnseenCommits } from '../../scenarios/broken-storages.ts';

/** A storage and a mode in which scenarios run. */
interface ScenarioMode {
  readonly storage: string;
  readonly mode: string;
  makeHarness(): ScenarioHarness;
}

const LONGEST_SCENARIO = 20;
/** Crashes of each control. The rarer fault shows in about one scenario in ten. */
const CONTROL_CRASHES = 60;

function fileHarness(options: {
  exclusive?: boolean;
  durability?: 'relaxed';
  key?: Uint8Array;
}): ScenarioHarness {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-crash-scenarios-'));
  const file = path.join(folder, 'ggen.db');
  return storageHarness({
    makeStorage: () => fileStorage(file),
    options: { storage: 'file', path: file, ...options },
    persistent: true,
    shared: options.exclusive !== true,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  });
}

function memoryHarness(broken: (storage: Storage) => Storage = (storage) => storage): ScenarioHarness {
  const disk = new MemoryDisk();
  return storageHarness({
    makeStorage: () => broken(memoryStorage(disk)),
    options: { storage: 'memory' },
    persistent: true,
    shared: true,
    remove: () => undefined,
  });
}

const MODES: readonly ScenarioMode[] = [
  { storage: 'memory', mode: 'scenarios, two owners', makeHarness: () => memoryHarness() },
  { storage: 'file', mode: 'scenarios, two owners', makeHarness: () => fileHarness({}) },
  { storage: 'file', mode: 'scenarios, exclusive', makeHarness: () => fileHarness({ exclusive: true }) },
  {
    storage: 'file',
    mode: 'scenarios, exclusive and relaxed',
    makeHarness: () => fileHarness({ exclusive: true, durability: 'relaxed' }),
  },
  {
    storage: 'file',
    mode: 'scenarios, two owners, encrypted',
    makeHarness: () => fileHarness({ key: new Uint8Array(32).fill(7) }),
  },
];

const CONTROLS: readonly ScenarioMode[] = [
  {
    storage: 'memory',
    mode: 'scenarios, journal never written',
    makeHarness: () => memoryHarness(withoutJournalWrites),
  },
  {
    storage: 'memory',
    mode: "scenarios, other connections' commits hidden",
    makeHarness: () => memoryHarness(withUnseenCommits),
  },
];

async function runMode(mode: ScenarioMode, crashesWanted: number, seed: number): Promise<CrashReport> {
  process.stderr.write(`${mode.storage}: ${mode.mode}\n`);
  const startedAt = performance.now();
  const number = seededNumbers(seed);
  const failures: CrashFailure[] = [];
  let points = 0;
  let needingRecovery = 0;
  for (let scenario = 0; points < crashesWanted; scenario++) {
    const steps = Array.from({ length: 1 + (number() % LONGEST_SCENARIO) }, () =>
      drawStep(Array.from({ length: NUMBERS_PER_STEP }, number)),
    );
    try {
      const { crashes, unanswered } = await runScenario(mode.makeHarness(), steps);
      points += crashes;
      needingRecovery += unanswered;
    } catch (error) {
      // The database and the model differ. The next scenario begins with another database.
      failures.push({ point: points, image: `scenario ${scenario}`, reason: (error as Error).message });
      points++;
    }
  }
  const durationMs = Math.round(performance.now() - startedAt);
  return { storage: mode.storage, mode: mode.mode, seed, points, needingRecovery, failures, durationMs };
}

/** Runs scenarios until `points` owners have crashed. The same seed gives the same scenarios. */
export function runScenarios(options: CampaignOptions): Promise<CrashReport[]> {
  return runAll(MODES, options);
}

/** Runs scenarios on storages that break a promise. Each must fail, so a few crashes are enough. */
export function runScenarioControls({ points, ...options }: CampaignOptions): Promise<CrashReport[]> {
  return runAll(CONTROLS, { ...options, points: Math.min(points, CONTROL_CRASHES * CONTROLS.length) });
}

async function runAll(
  all: readonly ScenarioMode[],
  { points, seed, modes: text = '' }: CampaignOptions,
): Promise<CrashReport[]> {
  const reports: CrashReport[] = [];
  const modes = all.filter(({ mode }) => mode.includes(text));
  for (const [index, mode] of modes.entries()) {
    reports.push(await runMode(mode, Math.ceil(points / modes.length), seed + index));
  }
  return reports;
}

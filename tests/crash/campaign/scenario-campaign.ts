/** Random stories of every operation, with deaths and reopenings, on each storage of Node against a model of it. */
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

interface Way {
  readonly storage: string;
  readonly mode: string;
  makePlace(): ScenarioHarness;
}

const LONGEST_STORY = 20;
/** Deaths of each control: the rarer harm comes to one story in some ten. */
const CONTROL_DEATHS = 60;

function filePlace(options: { exclusive?: boolean; durability?: 'relaxed' }): ScenarioHarness {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-torture-model-'));
  const file = path.join(folder, 'ggen.db');
  return storageHarness({
    makeStorage: () => fileStorage(file),
    options: { storage: 'file', path: file, ...options },
    persistent: true,
    shared: options.exclusive !== true,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  });
}

function memoryPlace(broken: (storage: Storage) => Storage = (storage) => storage): ScenarioHarness {
  const disk = new MemoryDisk();
  return storageHarness({
    makeStorage: () => broken(memoryStorage(disk)),
    options: { storage: 'memory' },
    persistent: true,
    shared: true,
    remove: () => undefined,
  });
}

const WAYS: readonly Way[] = [
  { storage: 'memory', mode: 'scenarios, two owners', makePlace: () => memoryPlace() },
  { storage: 'file', mode: 'scenarios, two owners', makePlace: () => filePlace({}) },
  { storage: 'file', mode: 'scenarios, exclusive', makePlace: () => filePlace({ exclusive: true }) },
  {
    storage: 'file',
    mode: 'scenarios, exclusive and relaxed',
    makePlace: () => filePlace({ exclusive: true, durability: 'relaxed' }),
  },
];

const CONTROLS: readonly Way[] = [
  {
    storage: 'memory',
    mode: 'scenarios, journal never written',
    makePlace: () => memoryPlace(withoutJournalWrites),
  },
  {
    storage: 'memory',
    mode: "scenarios, other connections' commits hidden",
    makePlace: () => memoryPlace(withUnseenCommits),
  },
];

async function playWay(way: Way, deathsWanted: number, seed: number): Promise<CrashReport> {
  process.stderr.write(`${way.storage}: ${way.mode}\n`);
  const startedAt = performance.now();
  const number = seededNumbers(seed);
  const failures: CrashFailure[] = [];
  let points = 0;
  let needingRecovery = 0;
  for (let story = 0; points < deathsWanted; story++) {
    const steps = Array.from({ length: 1 + (number() % LONGEST_STORY) }, () =>
      drawStep(Array.from({ length: NUMBERS_PER_STEP }, number)),
    );
    try {
      const { deaths, unanswered } = await runScenario(way.makePlace(), steps);
      points += deaths;
      needingRecovery += unanswered;
    } catch (error) {
      // The database and the model have gone apart; the next story begins with another database.
      failures.push({ point: points, image: `story ${story}`, reason: (error as Error).message });
      points++;
    }
  }
  const durationMs = Math.round(performance.now() - startedAt);
  return { storage: way.storage, mode: way.mode, seed, points, needingRecovery, failures, durationMs };
}

/** Plays stories until so many owners have died. The same seed plays the same stories. */
export function runScenarios(options: CampaignOptions): Promise<CrashReport[]> {
  return playAll(WAYS, options);
}

/** The same on storages that break a promise. Each has to fail, so a few deaths are enough. */
export function runBrokenScenarios({ points, seed }: CampaignOptions): Promise<CrashReport[]> {
  return playAll(CONTROLS, { points: Math.min(points, CONTROL_DEATHS * CONTROLS.length), seed });
}

async function playAll(ways: readonly Way[], { points, seed }: CampaignOptions): Promise<CrashReport[]> {
  const reports: CrashReport[] = [];
  for (const [index, way] of ways.entries()) {
    reports.push(await playWay(way, Math.ceil(points / ways.length), seed + index));
  }
  return reports;
}

/** Random stories of every operation, with deaths and reopenings, on each storage of Node against a model of it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  drawStep,
  type ModelPlace,
  NUMBERS_PER_STEP,
  playStory,
  seededNumbers,
  storageModelPlace,
} from '@ggen-sim/core/testing';
import { MemoryDisk, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import type { CrashFailure, CrashReport } from '@ggen-sim/sqljs-vfs/testing';

/** How much to play. */
export interface ModelSeriesOptions {
  /** Deaths of an owner in all, shared out among the ways to open. */
  readonly points: number;
  readonly seed: number;
}

interface Way {
  readonly storage: string;
  readonly mode: string;
  makePlace(): ModelPlace;
}

const LONGEST_STORY = 20;

function filePlace(options: { exclusive?: boolean; durability?: 'relaxed' }): ModelPlace {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-torture-model-'));
  const file = path.join(folder, 'ggen.db');
  return storageModelPlace({
    makeStorage: () => fileStorage(file),
    options: { storage: 'file', path: file, ...options },
    persistent: true,
    shared: options.exclusive !== true,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  });
}

function memoryPlace(): ModelPlace {
  const disk = new MemoryDisk();
  return storageModelPlace({
    makeStorage: () => memoryStorage(disk),
    options: { storage: 'memory' },
    persistent: true,
    shared: true,
    remove: () => undefined,
  });
}

const WAYS: readonly Way[] = [
  { storage: 'memory', mode: 'model, two owners', makePlace: memoryPlace },
  { storage: 'file', mode: 'model, two owners', makePlace: () => filePlace({}) },
  { storage: 'file', mode: 'model, exclusive', makePlace: () => filePlace({ exclusive: true }) },
  {
    storage: 'file',
    mode: 'model, exclusive and relaxed',
    makePlace: () => filePlace({ exclusive: true, durability: 'relaxed' }),
  },
];

async function playWay(way: Way, deathsWanted: number, seed: number): Promise<CrashReport> {
  const startedAt = performance.now();
  const number = seededNumbers(seed);
  const failures: CrashFailure[] = [];
  let points = 0;
  let halfDone = 0;
  for (let story = 0; points < deathsWanted && failures.length === 0; story++) {
    const steps = Array.from({ length: 1 + (number() % LONGEST_STORY) }, () =>
      drawStep(Array.from({ length: NUMBERS_PER_STEP }, number)),
    );
    try {
      const { deaths, unanswered } = await playStory(way.makePlace(), steps);
      points += deaths;
      halfDone += unanswered;
    } catch (error) {
      // The database and the model have gone apart; whatever comes after would only repeat it.
      failures.push({ point: points, image: `story ${story}`, reason: (error as Error).message });
    }
  }
  const durationMs = Math.round(performance.now() - startedAt);
  return { storage: way.storage, mode: way.mode, seed, points, halfDone, failures, durationMs };
}

/** Plays stories until so many owners have died. The same seed plays the same stories. */
export async function modelSeries({ points, seed }: ModelSeriesOptions): Promise<CrashReport[]> {
  const reports: CrashReport[] = [];
  for (const [index, way] of WAYS.entries()) {
    reports.push(await playWay(way, Math.ceil(points / WAYS.length), seed + index));
  }
  return reports;
}

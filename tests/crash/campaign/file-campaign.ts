import type { CrashReport } from '../crash-report.ts';
import {
  type CrashMode,
  FILE_CRASH_CONTROLS,
  FILE_CRASH_MODES,
  crashFileStorage,
} from '../file/index.node.ts';
import type { CampaignOptions } from './campaign.ts';

/** Runs the file storage on a simulated disk that loses power, in every mode. */
export function crashFiles(options: CampaignOptions): Promise<CrashReport[]> {
  return crashAll(FILE_CRASH_MODES, options);
}

/** Runs the negative controls: the same without a sync, a journal or a promise. */
export function crashFileControls(options: CampaignOptions): Promise<CrashReport[]> {
  return crashAll(FILE_CRASH_CONTROLS, options);
}

async function crashAll(
  all: readonly CrashMode[],
  { points, seed, modes: text = '' }: CampaignOptions,
): Promise<CrashReport[]> {
  const reports: CrashReport[] = [];
  const modes = all.filter(({ name }) => name.includes(text));
  for (const mode of modes) {
    process.stderr.write(`file: ${mode.name}\n`);
    reports.push(await crashFileStorage(mode, { points: Math.ceil(points / modes.length), seed }));
  }
  return reports;
}

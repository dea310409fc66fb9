/**
 * The crash series of the IndexedDB storage, in a real Chromium: the browser project of the repository's own tests,
 * asked for another number of crashes and another seed.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CrashReport } from '../crash-report.ts';
import type { CampaignOptions } from './campaign.ts';

const TEST_FILE = 'tests/crash/indexeddb-crashes.browser.test.ts';
/** How the titles of its tests begin. */
const CRASHES = '^indexeddb:';
const CONTROLS = '^control:';
const MARK = 'CRASH_REPORT ';
/** A failing control of thousands of points prints every failure. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * As many crashes as asked for, and a tenth as many races of two tabs.
 * @throws Error when the run gave no report at all: no Chromium, or a defect in the tests
 */
export function crashIndexedDb(options: CampaignOptions): Promise<CrashReport[]> {
  return runTests(CRASHES, options);
}

/** The same with one thing broken at a time, each struck as often as it takes; every report must have failures. */
export function crashBrokenIndexedDb(options: CampaignOptions): Promise<CrashReport[]> {
  return runTests(CONTROLS, options);
}

async function runTests(title: string, { points, seed }: CampaignOptions): Promise<CrashReport[]> {
  process.stderr.write(`indexeddb: ${title === CONTROLS ? 'controls' : 'crashes and races'}\n`);
  const repository = repositoryRoot();
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  const parameters = [vitest, 'run', '--project', 'browser', '-t', title, TEST_FILE];
  const options = {
    cwd: repository,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: {
      ...process.env,
      NO_COLOR: '1',
      VITE_CRASH_POINTS: String(points),
      VITE_CRASH_SEED: String(seed),
    },
  };
  let output: string;
  let failure: unknown;
  try {
    output = (await promisify(execFile)(process.execPath, parameters, options)).stdout;
  } catch (error) {
    // A series with failures is a result, not an error of this function.
    output = (error as { stdout?: string }).stdout ?? '';
    failure = error;
  }
  const reports = output
    .split('\n')
    .filter((line) => line.startsWith(MARK))
    .map((line) => JSON.parse(line.slice(MARK.length)) as CrashReport);
  if (reports.length === 0) throw new Error('the browser run gave no report', { cause: failure ?? output });
  return reports;
}

/** However deep in it this file lies, built or not. */
function repositoryRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'pnpm-workspace.yaml'))) {
    const above = path.dirname(folder);
    if (above === folder) throw new Error('this runs within the repository only');
    folder = above;
  }
  return folder;
}

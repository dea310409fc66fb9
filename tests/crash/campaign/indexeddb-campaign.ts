/**
 * The crash campaign of the IndexedDB storage, in a real Chromium. It runs the browser tests of this repository with
 * another number of crashes and another seed.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CrashReport } from '../crash-report.ts';
import type { CampaignOptions } from './campaign.ts';

const TEST_FILE = 'tests/crash/indexeddb-crashes.browser.test.ts';
/** Patterns of the titles of its tests. */
const CRASHES = '^indexeddb:';
const CONTROLS = '^negative control:';
const MARK = 'CRASH_REPORT ';
/** Limit of the output: a negative control of thousands of crashes prints every failure. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs `points` crashes, and a tenth as many races of two tabs.
 * @throws Error if the run gave no report: without Chromium, or after a defect in the tests
 */
export function crashIndexedDb(options: CampaignOptions): Promise<CrashReport[]> {
  return runTests(CRASHES, options);
}

/** Runs the negative controls, each with one defect, unless modes are chosen. Every report must have failures. */
export async function crashIndexedDbControls(options: CampaignOptions): Promise<CrashReport[]> {
  return options.modes === undefined ? runTests(CONTROLS, options) : [];
}

async function runTests(kind: string, { points, seed, modes }: CampaignOptions): Promise<CrashReport[]> {
  process.stderr.write(`indexeddb: ${kind === CONTROLS ? 'controls' : 'crashes and races'}\n`);
  const title = modes === undefined ? kind : `${kind}.*${modes}`;
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
    // A campaign with failures is a result, not an error of this function.
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

/** Finds the root of the repository from this file, whether it is built or not. */
function repositoryRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'pnpm-workspace.yaml'))) {
    const above = path.dirname(folder);
    if (above === folder) throw new Error('this campaign runs only within the repository');
    folder = above;
  }
  return folder;
}

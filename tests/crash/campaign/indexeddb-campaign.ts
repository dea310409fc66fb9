/**
 * The crash campaign of the IndexedDB storage, in a real Chromium. It runs the browser tests of this repository with
 * another number of crashes and another seed.
 */
import type { CrashReport } from '../crash-report.ts';
import type { CampaignOptions } from './campaign.ts';
import { reportsOfTests } from './test-run.ts';

const TEST_FILE = 'tests/crash/indexeddb-crashes.browser.test.ts';
/** Patterns of the titles of its tests. */
const CRASHES = '^indexeddb:';
const CONTROLS = '^negative control:';

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
  return reportsOfTests(['--project', 'browser', '-t', title, TEST_FILE], {
    VITE_CRASH_POINTS: String(points),
    VITE_CRASH_SEED: String(seed),
  });
}

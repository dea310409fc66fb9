/** Random histories of a database whose saving processes are killed, compared with a model. It runs the tests of `@ggen-sim/core`. */
import type { CrashReport } from '../crash-report.ts';
import type { CampaignOptions } from './campaign.ts';
import { reportsOfTests } from './test-run.ts';

const TEST_FILE = 'packages/core/test/change-log/history-model.test.ts';
const MODE = 'random histories, processes killed';

/** A history takes a second or two, and kills two processes on average. So there is one for this many points. */
const POINTS_PER_HISTORY = 10;
/** Histories of the control. Each of them fails. */
const CONTROL_HISTORIES = 3;

/** Runs histories. Their report counts the processes that were killed. */
export function runHistories({ points, seed, modes }: CampaignOptions): Promise<CrashReport[]> {
  return run(Math.ceil(points / POINTS_PER_HISTORY), seed, modes, false);
}

/** Runs histories of which another program edits a row behind the last checkpoint. Each must fail. */
export function runHistoryControls({ seed, modes }: CampaignOptions): Promise<CrashReport[]> {
  return run(CONTROL_HISTORIES, seed, modes, true);
}

async function run(
  histories: number,
  seed: number,
  modes: string | undefined,
  isControl: boolean,
): Promise<CrashReport[]> {
  if (modes !== undefined && !MODE.includes(modes)) return [];
  process.stderr.write(`history: ${isControl ? 'control' : MODE}\n`);
  return reportsOfTests(['--project', 'node', TEST_FILE], {
    CRASH_SEED: String(seed),
    HISTORIES: String(histories),
    ...(isControl && { HISTORY_DEFECT: 'a row edited by another program' }),
  });
}

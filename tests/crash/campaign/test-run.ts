/** Campaigns that are tests of this repository, run with another number of crashes and another seed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CrashReport } from '../crash-report.ts';

const MARK = 'CRASH_REPORT ';
/** Limit of the output: a negative control of thousands of crashes prints every failure. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs tests that print reports.
 * @param parameters - of `vitest run`
 * @param variables - of the environment
 * @throws Error if the run gave no report: without Chromium, or after a defect in the tests
 */
export async function reportsOfTests(
  parameters: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<CrashReport[]> {
  const repository = repositoryRoot();
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  const options = {
    cwd: repository,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, NO_COLOR: '1', ...variables },
  };
  let output: string;
  let failure: unknown;
  try {
    output = (await promisify(execFile)(process.execPath, [vitest, 'run', ...parameters], options)).stdout;
  } catch (error) {
    // A campaign with failures is a result, not an error of this function.
    output = (error as { stdout?: string }).stdout ?? '';
    failure = error;
  }
  const reports = output
    .split('\n')
    .filter((line) => line.startsWith(MARK))
    .map((line) => JSON.parse(line.slice(MARK.length)) as CrashReport);
  if (reports.length === 0)
    throw new Error('the run of the tests gave no report', { cause: failure ?? output });
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

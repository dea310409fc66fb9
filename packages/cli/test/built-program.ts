/**
 * Bundle of the program, as users get it. It is built once per test run into its own directory, so neither a stale
 * `dist` nor a concurrent build affects the tests.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const packageDirectory = join(import.meta.dirname, '..');
const bundlesDirectory = join(packageDirectory, '.types', 'bundles');

/** Directory shared by the test files of one run: each has its own process, and all have the same parent. */
const bundleDirectory = join(bundlesDirectory, String(process.ppid));
const readyFile = join(bundleDirectory, 'ready');

/** File that starts the built program. */
export const programPath: string = join(bundleDirectory, 'ggen-sim.cjs');

/** File of the whole program, without the shorter ways of some calls. */
export const wholeProgramPath: string = join(bundleDirectory, 'main.mjs');

mkdirSync(bundlesDirectory, { recursive: true });
while (!existsSync(readyFile)) {
  if (claimBuild()) build();
  else await pause(100);
}

function claimBuild(): boolean {
  try {
    mkdirSync(bundleDirectory);
    return true;
  } catch {
    return false;
  }
}

function build(): void {
  try {
    removeOldBundles();
    execFileSync('pnpm', ['exec', 'tsdown', '--out-dir', bundleDirectory], {
      cwd: packageDirectory,
      stdio: 'pipe',
    });
    writeFileSync(readyFile, '');
  } catch (error) {
    rmSync(bundleDirectory, { recursive: true, force: true });
    throw error;
  }
}

function removeOldBundles(): void {
  for (const processId of readdirSync(bundlesDirectory)) {
    if (!isRunning(Number(processId)))
      rmSync(join(bundlesDirectory, processId), { recursive: true, force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

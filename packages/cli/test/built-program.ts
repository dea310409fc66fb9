/**
 * The program as users get it: the bundle, built once per test run into a folder of its own, so that neither a stale
 * `dist` nor somebody's build at the same moment gets in the way.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const packageDirectory = join(import.meta.dirname, '..');
const bundlesDirectory = join(packageDirectory, '.types', 'bundles');

/** Test files run in processes of their own; what started them is the same for all. */
const bundleDirectory = join(bundlesDirectory, String(process.ppid));
const readyFile = join(bundleDirectory, 'ready');

/** The program's file. */
export const programPath: string = join(bundleDirectory, 'main.mjs');

mkdirSync(bundlesDirectory, { recursive: true });
while (!existsSync(readyFile)) {
  if (isFirst()) build();
  else await pause(100);
}

function isFirst(): boolean {
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

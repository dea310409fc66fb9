/** Commands that a browser test runs in Node: the command line as it was built, and a hub that it can kill. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The command line as it was built. */
export const PROGRAM: string = path.resolve(import.meta.dirname, '../../packages/cli/dist/ggen-sim.cjs');

let folder: string | undefined;
let hub: ChildProcess | undefined;
process.on('exit', removeAll);

function removeAll(): void {
  hub?.kill('SIGKILL');
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

/** Working directory of all commands, removed when the run ends. */
function directory(): string {
  folder ??= mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-hub-'));
  return folder;
}

/** Runs the command line. @returns what it prints */
export async function ggenSim(_: unknown, words: readonly string[], token: string): Promise<string> {
  const env = { ...process.env, GGEN_SIM_SYNC_TOKEN: token };
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...words], {
    cwd: directory(),
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Starts a hub. @returns its address, once it answers */
export async function startHub(_: unknown, words: readonly string[]): Promise<string> {
  const started = spawn(process.execPath, [PROGRAM, 'serve', 'served.db', '--create', ...words], {
    cwd: directory(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  hub = started;
  let printed = '';
  for await (const chunk of started.stdout) {
    printed += String(chunk);
    const [, url] = /"url": "([^"]+)"/.exec(printed) ?? [];
    if (url !== undefined && printed.includes('}')) {
      started.stdout.resume();
      return url;
    }
  }
  throw new Error(`The hub has ended: ${printed}`);
}

/** Id of the process of the hub; 0 while there is none. */
export function hubProcessId(): number {
  return hub?.pid ?? 0;
}

/** Kills the hub, without a chance to finish what it does. */
export async function killHub(): Promise<void> {
  const killed = hub;
  hub = undefined;
  if (killed === undefined || killed.exitCode !== null || killed.signalCode !== null) return;
  const ended = once(killed, 'exit');
  killed.kill('SIGKILL');
  await ended;
}

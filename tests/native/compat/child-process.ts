import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { nativeSqlite as runNativeSqlite } from '../../support/native-sqlite.ts';

/** Turns off the optimisation of SQLite's WebAssembly: it would take half of a short-lived child's processor time. */
const WITHOUT_OPTIMISING = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

const CHILDREN = path.join(import.meta.dirname, 'children');

/** The end of a child process, and the lines it had acknowledged by then. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly acknowledged: readonly string[];
  readonly stderr: string;
}

/** A running child. */
export interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<ChildEnd>;
  /** Resolves when a script says that it waits for {@link go}, or has ended. */
  readonly isReady: Promise<unknown>;
  /** Lets a script that waits go on. */
  go(): void;
}

/** Watches a child whose standard output is made of acknowledgements. */
export function watch(child: ChildProcess): Child {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data: Buffer) => (stdout += String(data)));
  child.stderr?.on('data', (data: Buffer) => (stderr += String(data)));
  const ended = new Promise<ChildEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      // A killed child's last line may be incomplete; an incomplete line is not an acknowledgement.
      const acknowledged = stdout.split('\n').slice(0, -1);
      resolve({ exitCode, signal, acknowledged, stderr });
    });
  });
  const isReady = Promise.race([new Promise((resolve) => child.once('message', resolve)), ended]);
  const go = (): void => {
    if (child.connected) child.send('go');
  };
  return { process: child, ended, isReady, go };
}

/** Starts `children/<name>.mjs`. */
export function startChild(name: string, ...args: string[]): Child {
  const words = [...WITHOUT_OPTIMISING, path.join(CHILDREN, `${name}.mjs`), ...args];
  return watch(spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }));
}

/** Starts the native `sqlite3` shell with a script; an error ends it. */
export function startNative(file: string, script: string): Child {
  const child = spawn('sqlite3', ['-batch', '-bail', file]);
  child.stdin.end(`.timeout 30000\n${script}`);
  return watch(child);
}

/** Runs statements in the native `sqlite3` shell, waiting up to 10 s for locks. @returns its output */
export function nativeSqlite(file: string, ...statements: string[]): string {
  return runNativeSqlite(file, '.timeout 10000', ...statements);
}

/** Creates a folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'interop-')));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

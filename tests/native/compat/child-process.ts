import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const CHILDREN = path.join(import.meta.dirname, 'children');

/** How a child ended, and what it had acknowledged by then: one line each. */
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
}

function watch(child: ChildProcess): Child {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data: Buffer) => (stdout += String(data)));
  child.stderr?.on('data', (data: Buffer) => (stderr += String(data)));
  const ended = new Promise<ChildEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      // A killed child's last line may be half there; then it was no acknowledgement.
      const acknowledged = stdout.split('\n').slice(0, -1);
      resolve({ exitCode, signal, acknowledged, stderr });
    });
  });
  return { process: child, ended };
}

/** Starts `children/<name>.mjs`. */
export function startChild(name: string, ...args: string[]): Child {
  return watch(spawn(process.execPath, [path.join(CHILDREN, `${name}.mjs`), ...args]));
}

/** Starts the native `sqlite3` shell with a script; an error ends it. */
export function startNative(file: string, script: string): Child {
  const child = spawn('sqlite3', ['-batch', '-bail', file]);
  child.stdin.end(`.timeout 30000\n${script}`);
  return watch(child);
}

/** Runs statements in the native `sqlite3` shell. @returns its output */
export function nativeSqlite(file: string, ...statements: string[]): string {
  const { stdout, stderr, status, error } = spawnSync(
    'sqlite3',
    ['-batch', '-cmd', '.timeout 10000', file, ...statements],
    {
      encoding: 'utf8',
    },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`sqlite3 ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** A folder for one test, gone with it. */
export function temporaryFolder(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'interop-')));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

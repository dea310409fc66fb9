/** Runs the built program in a temporary directory, in this process or as a child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { programPath, wholeProgramPath } from './built-program.ts';
import { runInProcess } from './run-in-process.ts';

/** Exit code and output of a finished run. */
export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a run. */
export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Options of a run as a process. */
export interface ProcessOptions extends RunOptions {
  /** Called when the process has started, for instance to send it a signal. */
  readonly whileRunning?: (child: ChildProcess) => void;
}

const CLEARED_VARIABLES = [
  'DB_PATH',
  'DB_DIR',
  'WORKSPACE_DIR',
  'SCRIPT_DIR',
  'GGEN_SIM_KEY',
  'GGEN_SIM_NEW_KEY',
  'GGEN_SIM_SERVE',
  'NO_COLOR',
  'FORCE_COLOR',
  'COLUMNS',
];

/** Temporary directory to run programs in, removed when the test file ends. */
export class Sandbox {
  readonly directory: string = realpathSync(mkdtempSync(join(tmpdir(), 'ggen-sim-cli-')));

  constructor() {
    afterAll(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  /** Path of the default database file. */
  get databasePath(): string {
    return join(this.directory, 'workspace', '.ggen', 'ggen.db');
  }

  /** Runs `ggen-sim` with these words in this process, one call after another. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return runInProcess(wholeProgramPath, words, {
      directory: this.directory,
      environment: environmentOf(options),
      input: options.input ?? '',
    });
  }

  /** Runs `ggen-sim` with these words as a process. */
  async runProcess(words: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
    return this.#spawn(process.execPath, [programPath, ...words], options);
  }

  /** Runs `ggen-sim db` with these words in this process and returns its output. Throws if it fails. */
  async db(...words: readonly string[]): Promise<string> {
    return outputOf(words, await this.run(['db', ...words]));
  }

  /** Does the same as a process. */
  async dbProcess(...words: readonly string[]): Promise<string> {
    return outputOf(words, await this.runProcess(['db', ...words]));
  }

  /** Runs a script in a real shell, in which `ggen-sim` is the built program. */
  async shell(script: string, options: ProcessOptions & { readonly shell?: string } = {}): Promise<Finished> {
    const shim = `ggen-sim() { '${process.execPath}' '${programPath}' "$@"; }\n`;
    return this.#spawn(options.shell ?? 'bash', ['-c', shim + script], options);
  }

  /** Runs any program. */
  async spawn(file: string, words: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
    return this.#spawn(file, words, options);
  }

  async #spawn(file: string, words: readonly string[], options: ProcessOptions): Promise<Finished> {
    const child = spawn(file, words, { cwd: this.directory, env: environmentOf(options) });
    const output: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    child.stdout.on('data', (chunk: Buffer) => output.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.stderr.push(chunk));
    // The process may end without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    options.whileRunning?.(child);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => {
        const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
        resolve({ exitCode, stdout: text(output.stdout), stderr: text(output.stderr) });
      });
    });
  }
}

function environmentOf({ environment }: RunOptions): Record<string, string | undefined> {
  const inherited: Record<string, string | undefined> = { ...process.env };
  for (const name of CLEARED_VARIABLES) delete inherited[name];
  return { ...inherited, ...environment };
}

function outputOf(words: readonly string[], { exitCode, stdout, stderr }: Finished): string {
  if (exitCode !== 0) throw new Error(`db ${words.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

/** Parses the rows that a query printed. */
export function parseRows(json: string): Record<string, unknown>[] {
  return JSON.parse(json) as Record<string, unknown>[];
}

/** True while a process has a file open (Linux: `/proc`). */
export function hasFileOpen({ pid }: ChildProcess, path: string): boolean {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors).some((descriptor) => {
    try {
      return readlinkSync(join(descriptors, descriptor)) === path;
    } catch {
      // The process has closed it meanwhile.
      return false;
    }
  });
}

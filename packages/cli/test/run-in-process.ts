/**
 * Runs the built program in the process of the tests, from its arguments to its exit code. That costs a sixth of a child
 * process. What only a process shows needs one: signals, pipes, descriptors, a terminal, bytes that are not UTF-8, and
 * that nothing keeps it alive.
 */
import { createRequire } from 'node:module';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { Finished } from './run-cli.ts';

/** What a process has of its own and tests share. */
export interface Surroundings {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: string | Uint8Array;
}

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

const importUnchanged = createRequire(import.meta.url)('./import-unchanged.cjs') as (
  url: string,
) => Promise<unknown>;

let runs = 0;
/** Ends when the last run has ended: all of them use this process's streams, variables and current directory. */
let lastRun: Promise<unknown> = Promise.resolve();

/** Runs a program file with these words, after the runs that have begun. */
export function runInProcess(
  programPath: string,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<Finished> {
  const run = lastRun.then(() => runNow(programPath, words, surroundings));
  lastRun = run.catch(() => undefined);
  return run;
}

async function runNow(
  programPath: string,
  words: readonly string[],
  { directory, environment, input }: Surroundings,
): Promise<Finished> {
  const [stdout, stderr] = [new CollectedOutput(), new CollectedOutput()];
  const restore = [
    replace('argv', [process.execPath, programPath, ...words]),
    replace('exitCode', undefined),
    replace('stdin', Readable.from(input.length === 0 ? [] : [Buffer.from(input)])),
    replace('stdout', stdout),
    replace('stderr', stderr),
    replaceVariables(environment),
    changeDirectory(directory),
    forgetSignalListeners(),
  ];
  try {
    // A query makes it another module, so that its code runs again.
    await importUnchanged(`${pathToFileURL(programPath).href}?run=${runs++}`);
    return { exitCode: Number(process.exitCode), stdout: stdout.text, stderr: stderr.text };
  } finally {
    for (const undo of restore) undo();
  }
}

/** Stream that keeps what is written to it. */
class CollectedOutput extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}

function replace(name: 'argv' | 'exitCode' | 'stdin' | 'stdout' | 'stderr', value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(process, name);
  if (before === undefined) throw new Error(`process.${name} is not a property of its own`);
  if (name === 'exitCode') {
    const code = process.exitCode;
    process.exitCode = undefined;
    return () => void (process.exitCode = code);
  }
  Object.defineProperty(process, name, { value, configurable: true, writable: true });
  return () => Object.defineProperty(process, name, before);
}

function replaceVariables(environment: Surroundings['environment']): () => void {
  const before = { ...process.env };
  setVariables(environment);
  return () => setVariables(before);
}

function setVariables(environment: Surroundings['environment']): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) process.env[name] = value;
}

function changeDirectory(directory: string): () => void {
  const before = process.cwd();
  process.chdir(directory);
  return () => process.chdir(before);
}

/** Returns a function that removes the listeners which the program adds. */
function forgetSignalListeners(): () => void {
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  return () => {
    for (const [signal, listeners] of before) {
      for (const listener of process.listeners(signal)) {
        if (!listeners.includes(listener)) process.off(signal, listener);
      }
    }
  };
}

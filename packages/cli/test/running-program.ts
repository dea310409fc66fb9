/** Programs that go on until they are ended, at the latest with the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { programPath } from './built-program.ts';
import type { Sandbox } from './run-cli.ts';

/** A program that goes on until it is ended. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Ends it, and waits until it has ended. @returns its exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export function startProgram(sandbox: Sandbox, words: readonly string[]): Running {
  const child = spawn(process.execPath, [programPath, ...words], { cwd: sandbox.directory });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  const exited = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  onTestFinished(async () => void (await end('SIGKILL')));
  return { child, stdout: () => stdout, stderr: () => stderr, end };
}

/** Serves a database, and returns when it has printed its address. */
export async function startServer(
  sandbox: Sandbox,
  words: readonly string[],
): Promise<Running & { readonly url: string }> {
  const running = startProgram(sandbox, ['serve', '--create', ...words]);
  await expect.poll(() => running.stdout() + running.stderr()).toMatch(/^\}/mu);
  const { url } = JSON.parse(running.stdout()) as { readonly url: string };
  return { ...running, url };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = path.resolve(import.meta.dirname, '../../../packages/cli/dist/ggen-sim.cjs');

/** A running `ggen-sim studio`. */
export interface Studio {
  /** Address of the page, with the token. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  readonly token: string;
  readonly process: ChildProcess;
  /** Ends the process and waits for its end. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

/** Starts `ggen-sim studio` on a file. @returns once it has printed its address */
export async function startStudio(file: string, ...options: string[]): Promise<Studio> {
  const child = spawn(process.execPath, [PROGRAM, 'studio', file, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const line of createInterface({ input: child.stdout })) {
    text += line;
    if (line === '}') break;
  }
  const { url } = JSON.parse(text) as { url: string };
  const { origin, port, hash } = new URL(url);
  return {
    url,
    origin,
    port: Number(port),
    token: decodeURIComponent(hash.replace('#token=', '')),
    process: child,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

/** A NATS server of its own for one test file, which can be killed and started again at its port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished, vi } from 'vitest';

/** A server, which may be killed at the moment. */
export interface NatsServer {
  readonly url: string;
  /** Ends it without a chance to tell its clients. */
  kill(): Promise<void>;
  /** Starts it again, at the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param words - further options of `nats-server` */
export async function startNats(...words: readonly string[]): Promise<NatsServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-nats-'));
  let server: ChildProcess | undefined;
  const start = async (port: number): Promise<number> => {
    for (const file of readdirSync(folder)) rmSync(path.join(folder, file));
    const options = ['-a', '127.0.0.1', '-p', String(port), '--ports_file_dir', folder, ...words];
    // Debian keeps it where only the administrator looks for programs.
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
    const started = spawn('nats-server', options, { stdio: 'ignore', env });
    server = started;
    let failure: Error | undefined;
    started.once('error', (error) => (failure = error));
    const url = await vi.waitFor(
      () => {
        if (failure !== undefined || started.exitCode !== null) return undefined;
        const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
        const ports = JSON.parse(readFileSync(path.join(folder, file ?? ''), 'utf8')) as { nats: string[] };
        return ports.nats[0];
      },
      { timeout: 60_000, interval: 20 },
    );
    if (url === undefined)
      throw failure ?? new Error(`nats-server has ended with ${String(started.exitCode)}`);
    return Number(/:(\d+)$/.exec(url)?.[1]);
  };
  const kill = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  const port = await start(-1);
  return {
    url: `nats://127.0.0.1:${port}`,
    kill,
    restart: async () => void (await start(port)),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Hears what is sent over NATS from here on. */
export async function heardAt(url: string): Promise<{ connection: NatsConnection; heard: string[] }> {
  const connection = await connect({ servers: url });
  onTestFinished(() => connection.close());
  const heard: string[] = [];
  connection.subscribe('>', {
    callback: (_, message) => void heard.push(`${message.subject} ${message.string()}`),
  });
  await connection.flush();
  return { connection, heard };
}

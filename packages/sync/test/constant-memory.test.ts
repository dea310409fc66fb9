/**
 * Measures the memory of every process of a synchronisation, when GGEN_SIM_SYNC_MANY says of how many receipts: machines that
 * push and pull with the command line as it was built, a hub, and PostgreSQL. It prints a line for each process and fails where
 * one needs more memory in the last fifth of its work than in the second: what grows with the number of receipts is not bounded.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it } from 'vitest';
import { hubProcessId, killHub, PROGRAM, startHub } from '../../../tests/support/hub-commands.ts';
import { fill, TOKEN } from './filled-database.ts';
import { sampleMemory, type MemorySummary } from './memory-samples.ts';
import { startCluster } from './postgres-cluster.ts';
import { temporaryFolder } from './temporary-folder.ts';

const RECEIPTS = Number(process.env['GGEN_SIM_SYNC_MANY'] ?? 0);

/** Garbage that is collected later, caches of PostgreSQL. What holds every receipt grows by hundreds of megabytes. */
const NOISE_MIB = 48;

/** Runs a command of a machine, and prints what each process needed. */
async function measured(what: string, words: readonly string[], processes: Record<string, () => number[]>) {
  const startedAt = performance.now();
  const env = { ...process.env, GGEN_SIM_SYNC_TOKEN: TOKEN };
  const run = promisify(execFile)(process.execPath, [PROGRAM, ...words], { env });
  const machine = run.child.pid ?? 0;
  const samples = sampleMemory({ machine: () => [machine], ...processes });
  let printed: string;
  try {
    ({ stdout: printed } = await run);
  } finally {
    samples.stop();
    print(what, startedAt, samples.summary());
  }
  return { report: JSON.parse(printed) as Record<string, number>, memory: samples.summary() };
}

/** Prints a line for each process, also where the command has failed. */
function print(what: string, startedAt: number, memory: Record<string, MemorySummary>): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const perSecond = Math.round((RECEIPTS / (performance.now() - startedAt)) * 1000);
  for (const [name, numbers] of Object.entries(memory)) {
    const line = { what, receipts: RECEIPTS, seconds, perSecond, process: name, ...numbers };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  }
}

describe.skipIf(RECEIPTS === 0)('memory stays the same', () => {
  it.each(['a file', 'PostgreSQL'])('over a hub in %s', { timeout: 0 }, async (kind) => {
    const folder = temporaryFolder();
    const cluster = kind === 'PostgreSQL' ? await startCluster() : undefined;
    try {
      fs.writeFileSync(path.join(folder, 'token'), TOKEN, { mode: 0o600 });
      const [from, to] = ['from', 'to'].map((name) => path.join(folder, `${name}.db`)) as [string, string];
      const filled = await openPersistence({ storage: 'file', path: from });
      await fill(filled, RECEIPTS);
      await filled.close();
      const location = (await cluster?.newSchema()) ?? path.join(folder, 'hub.db');
      const hub = await startHub(undefined, ['--token-file', path.join(folder, 'token'), '--hub', location]);
      const processes = {
        hub: () => [hubProcessId()],
        ...(cluster && { postgres: () => cluster.backends() }),
      };
      const command = (what: string, name: string): ReturnType<typeof measured> =>
        measured(`${what} over ${kind}`, ['sync', what, '--db', name], processes);
      for (const name of [from, to]) {
        await promisify(execFile)(
          process.execPath,
          [PROGRAM, 'sync', 'init', hub, '--db', name, '--create'],
          {
            env: { ...process.env, GGEN_SIM_SYNC_TOKEN: TOKEN },
          },
        );
      }
      for (const [what, name, moved] of [
        ['push', from, 'entries'],
        ['pull', to, 'stored'],
      ] as const) {
        const { report, memory } = await command(what, name);
        expect(report[moved]).toBe(RECEIPTS);
        for (const [which, { fifthsMiB }] of Object.entries(memory)) {
          const [, second = 0, , , last = 0] = fifthsMiB;
          expect.soft(last, `${what}: ${which}`).toBeLessThan(second + NOISE_MIB);
        }
      }
    } finally {
      await killHub();
      await cluster?.stop();
    }
  });
});

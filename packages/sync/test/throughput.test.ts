/**
 * Measures pushes and pulls, when GGEN_SIM_SYNC_RECEIPTS says of how many receipts; and how long a save takes to another
 * machine, and how long it takes here while it is sent, when GGEN_SIM_SYNC_SAVES says how many: to PostgreSQL, and over a hub
 * that is a process of its own, as it was built. It prints a line for each; a machine that does nothing else gives numbers to
 * compare.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { killHub, startHub } from '../../../tests/support/hub-commands.ts';
import { backgroundSync, openTarget, Synchroniser } from '../src/index.ts';
import { fill, TOKEN } from './filled-database.ts';
import { measureLatency } from './live-latency.ts';
import { startNats } from './nats-server.ts';
import { startCluster } from './postgres-cluster.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const RECEIPTS = Number(process.env['GGEN_SIM_SYNC_RECEIPTS'] ?? 0);
const SAVES = Number(process.env['GGEN_SIM_SYNC_SAVES'] ?? 0);
const TICKS_PER_SECOND = 100;

/** Processor time of what this process has started, in seconds; 0 where there is no /proc. */
function childrenCpuS(): number {
  if (!fs.existsSync('/proc/self/stat')) return 0;
  const processes = fs.readdirSync('/proc').flatMap((name) => {
    try {
      const [, after = ''] = fs.readFileSync(`/proc/${Number(name)}/stat`, 'utf8').split(') ');
      const fields = after.split(' ').map(Number);
      const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
      return [{ id: Number(name), parent, ticks: user + system }];
    } catch {
      return [];
    }
  });
  const ticksBelow = (id: number): number =>
    processes
      .filter(({ parent }) => parent === id)
      .reduce((sum, child) => sum + child.ticks + ticksBelow(child.id), 0);
  return ticksBelow(process.pid) / TICKS_PER_SECOND;
}

/** @returns the number of receipts that were moved */
async function measure(what: string, work: () => Promise<number>): Promise<number> {
  const [own, others, startedAt] = [process.cpuUsage(), childrenCpuS(), performance.now()];
  const count = await work();
  const wallS = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(own);
  const rounded = (seconds: number): number => Math.round(seconds * 100) / 100;
  const report = {
    what,
    receipts: count,
    wallS: rounded(wallS),
    perSecond: Math.round(count / wallS),
    ownCpuS: rounded((user + system) / 1e6),
    serversCpuS: rounded(childrenCpuS() - others),
  };
  process.stderr.write(`${JSON.stringify(report)}\n`);
  return count;
}

it.skipIf(RECEIPTS === 0)('receipts are pushed and pulled', { timeout: 0 }, async () => {
  const folder = temporaryFolder();
  const cluster = await startCluster();
  try {
    fs.writeFileSync(path.join(folder, 'token'), TOKEN, { mode: 0o600 });
    const words = ['--token-file', path.join(folder, 'token'), '--hub', await cluster.newSchema()];
    const places = [
      ['PostgreSQL', await cluster.newSchema()],
      ['a hub over PostgreSQL', await startHub(undefined, words)],
    ] as const;
    for (const [name, location] of places) {
      const open = (file: string): Promise<Persistence> =>
        openPersistence({ storage: 'file', path: path.join(folder, `${file} ${name}.db`) });
      await using from = await open('from');
      await using to = await open('to');
      await fill(from, RECEIPTS);
      const target = await openTarget(location, { token: TOKEN });
      const push = async (): Promise<number> => (await new Synchroniser(from, target).push()).entries;
      const pull = async (): Promise<number> => (await new Synchroniser(to, target).pull()).stored;
      expect(await measure(`push to ${name}`, push)).toBe(RECEIPTS);
      expect(await measure(`pull from ${name}`, pull)).toBe(RECEIPTS);
      await target.close();
    }
  } finally {
    await killHub();
    await cluster.stop();
  }
});

/** Pause before each save: many agents at work, and a machine that is not saturated. */
const PAUSE_MS = 20;
const ROUND_SAVES = 50;

/** Saves with pauses. @returns the median duration of a save, in milliseconds */
async function medianSaveMs(database: Persistence, round: number): Promise<number> {
  const durationsMs: number[] = [];
  for (let number = 0; number < ROUND_SAVES; number++) {
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS);
    });
    const receipt = { round, number, text: 'x'.repeat(300) };
    const startedAt = performance.now();
    await database.saveReceipt({ executionId: `${round} ${number}`, agentId: 'a', agentType: 't', receipt });
    durationsMs.push(performance.now() - startedAt);
  }
  return durationsMs.toSorted((left, right) => left - right)[ROUND_SAVES / 2] ?? 0;
}

it.skipIf(SAVES === 0)('a save takes as long while others are sent', { timeout: 0 }, async () => {
  const folder = temporaryFolder();
  try {
    fs.writeFileSync(path.join(folder, 'token'), TOKEN, { mode: 0o600 });
    const hub = await startHub(undefined, ['--token-file', path.join(folder, 'token'), '--hub']);
    const open = (name: string) => ({ storage: 'file', path: path.join(folder, `${name}.db`) }) as const;
    await using alone = await openPersistence(open('alone'));
    await using synced = await openPersistence({
      ...open('synced'),
      sync: backgroundSync(hub, { token: TOKEN }),
    });
    const ratios: number[] = [];
    for (let round = 0; round * ROUND_SAVES < SAVES; round++) {
      const aloneMs = await medianSaveMs(alone, round);
      const syncedMs = await medianSaveMs(synced, round);
      ratios.push(syncedMs / aloneMs);
      process.stderr.write(`${JSON.stringify({ round, aloneMs, syncedMs })}\n`);
    }
    const sorted = ratios.toSorted((left, right) => left - right);
    process.stderr.write(`${JSON.stringify({ ratio: sorted[Math.floor(sorted.length / 2)], sorted })}\n`);
    await synced.sync.synchronise();
    expect((await synced.sync.status()).lagEntries).toBe(0);
  } finally {
    await killHub();
  }
});

it.skipIf(SAVES === 0)('a save is seen on another machine', { timeout: 0 }, async () => {
  const folder = temporaryFolder();
  const cluster = await startCluster();
  const nats = await startNats();
  try {
    fs.writeFileSync(path.join(folder, 'token'), TOKEN, { mode: 0o600 });
    const location = await cluster.newSchema();
    const token = ['--token-file', path.join(folder, 'token')];
    const hub = await startHub(undefined, [...token, '--hub', location, '--nats', nats.url]);
    const second = await serveHub(await openTarget(location, { nats: nats.url }), { token: TOKEN });
    const direct = await cluster.newSchema();
    for (const [what, from, to, overNats] of [
      ['over a hub', hub, hub, undefined],
      ['over two hubs and NATS', hub, second.url, undefined],
      ['over PostgreSQL', direct, direct, undefined],
      ['over PostgreSQL and NATS', direct, direct, nats.url],
    ] as const) {
      const open = (name: string, at: string): Promise<Persistence> =>
        openPersistence({
          storage: 'file',
          path: path.join(folder, `${name} ${what}.db`),
          sync: backgroundSync(at, {
            token: TOKEN,
            intervalMs: 3_600_000,
            ...(overNats !== undefined && { nats: overNats }),
          }),
        });
      await using sender = await open('from', from);
      await using reader = await open('to', to);
      const latency = await measureLatency(sender, reader, SAVES);
      process.stderr.write(`${JSON.stringify({ what, ...latency })}\n`);
      expect(latency.saves).toBe(SAVES);
    }
    await second.stop();
  } finally {
    await killHub();
    await nats.stop();
    await cluster.stop();
  }
});

/** A database of a page and one of the command line, over a hub that is a process of its own. */
import { openPersistence, type Persistence, type SyncedPersistence } from '@ggen-sim/core';
import { afterEach, expect, it, vi } from 'vitest';
import { commands } from 'vitest/browser';
import {
  backgroundSync,
  openTarget,
  runSync,
  Synchroniser,
  type BackgroundSync,
  type SyncTarget,
} from '../src/index.ts';

import { measureLatency } from './live-latency.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    ggenSim: (words: readonly string[], token: string) => Promise<string>;
    startHub: (words: readonly string[]) => Promise<string>;
    killHub: () => Promise<void>;
  }
}

/** How long a slow machine is waited for. */
const UNTIL = { timeout: 30_000, interval: 50 };

/** Also that a stream which was refused again and again is asked for less often. */
const AFTER_RESTART = { timeout: 300_000, interval: 50 };

const FOR_PAGES = ['--allow-origin', location.origin];

/** Starts a hub with a token in a file. @returns its address and the token */
async function startHub(...words: string[]): Promise<{ readonly url: string; readonly token: string }> {
  const url = await commands.startHub(['--hub', ...words]);
  const token = (await commands.ggenSim(['serve', 'status', 'served.db', '--token'], '')).trim();
  return { url, token };
}

afterEach(() => commands.killHub());

const TABLES = ['receipts', 'memory', 'audit'] as const;

/** Rows of the page as the command line exports them. */
async function rowsIn(database: Persistence): Promise<unknown[]> {
  const rows = [
    ...(await database.queryReceipts({ limit: 10_000 })),
    ...(await database.queryMemory({ limit: 10_000 })),
    ...(await database.queryAuditTrail({ since: '0001-01-01', limit: 10_000 })),
  ];
  return rows.map((row) => sorted(row as unknown as Record<string, unknown>)).toSorted();
}

async function agentsIn(database: Persistence): Promise<string[]> {
  return (await database.queryMemory()).map(({ agentId }) => agentId).toSorted();
}

function sorted(row: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(row).map(([name, value]): [string, unknown] => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return JSON.stringify(members.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

it('come to equal rows, also when the hub is killed in the middle of a push', async () => {
  const first = await startHub(...FOR_PAGES);
  const { token } = first;
  const cli = (...words: string[]): Promise<string> => commands.ggenSim([...words, '--db', 'node.db'], token);
  await cli('db', 'save-receipt', 'from node', 'node', 'test', '{"text":"\\u0000 ä 😀"}', '--create');
  await cli('db', 'save-memory', 'shared', 'test', '{"in":"node"}');
  await cli('sync', 'init', first.url);
  await cli('sync', 'run');

  await using database = await openPersistence({
    storage: 'indexeddb',
    name: crypto.randomUUID(),
    changeLog: true,
  });
  await database.saveReceipts(
    Array.from({ length: 1100 }, (_, index) => ({
      executionId: `page ${index}`,
      agentId: 'page',
      agentType: 'test',
      receipt: { index },
    })),
  );
  await database.saveMemory({ agentId: 'shared', agentType: 'test', memory: { in: 'page' } });
  const inside = await openTarget(first.url, { token });
  let pushes = 0;
  const target: SyncTarget = {
    ...inside,
    async push(batch) {
      pushes++;
      const pushed = inside.push(batch);
      // It is on its way: stored or not, nobody hears of it.
      if (pushes === 2) await Promise.all([commands.killHub(), pushed.catch(() => undefined)]);
      return pushes === 2 ? inside.push(batch) : pushed;
    },
  };
  const synchroniser = new Synchroniser(database, target);
  await expect(synchroniser.synchronise()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  expect(pushes).toBe(2);

  const { token: newToken } = await startHub(...FOR_PAGES, '--port', new URL(first.url).port);
  // The token of the killed hub is refused, and the page is told so.
  await expect(synchroniser.synchronise()).rejects.toMatchObject({ code: 'SYNC_UNAUTHORIZED' });
  const control = new AbortController();
  const again = await openTarget(first.url, { token: newToken });
  await runSync(database, again, { signal: control.signal, onReport: () => control.abort() });
  await commands.ggenSim(['sync', 'run', '--db', 'node.db'], newToken);
  await new Synchroniser(database, again).synchronise();

  const exported = await Promise.all(TABLES.map((table) => cli('db', 'export', table, 'ndjson', '-')));
  const lines = exported
    .join('')
    .split('\n')
    .filter((line) => line !== '');
  const ofNode = lines.map((line) => sorted(JSON.parse(line) as Record<string, unknown>)).toSorted();
  const ofPage = await rowsIn(database);
  expect(ofPage).toEqual(ofNode);
  expect(ofPage).toHaveLength(1100 + 1 + 1 + 1);
});

it('are synchronised by openPersistence, once for all tabs', async () => {
  const { url, token } = await startHub(...FOR_PAGES);
  const name = crypto.randomUUID();
  const open = (): Promise<SyncedPersistence<BackgroundSync>> =>
    openPersistence({
      storage: 'indexeddb',
      name,
      sync: backgroundSync(url, { token, intervalMs: 100 }),
    });
  // Each has a worker and a connection of its own, as another tab has.
  const tabs = [await open(), await open()] as const;
  const { origin } = await tabs[0].syncState();
  const namesOf = (locks: readonly LockInfo[] = []): string[] =>
    locks.map((lock) => lock.name ?? '').filter((lock) => lock.includes(origin));
  await vi.waitFor(async () => {
    const { held, pending } = await navigator.locks.query();
    expect([namesOf(held), namesOf(pending)]).toEqual([
      [`ggen-sim sync ${origin}`],
      [`ggen-sim sync ${origin}`],
    ]);
  });
  await tabs[1].saveMemory({ agentId: 'of the page', agentType: 'test', memory: {} });
  await vi.waitFor(async () => expect((await tabs[1].sync.status()).lagEntries).toBe(0), UNTIL);
  await using elsewhere = await openPersistence({ storage: 'memory' });
  await elsewhere.saveMemory({ agentId: 'of another', agentType: 'test', memory: {} });
  await new Synchroniser(elsewhere, await openTarget(url, { token })).synchronise();
  // The hub also has what the test before has sent.
  expect(await agentsIn(elsewhere)).toEqual(expect.arrayContaining(['of another', 'of the page']));
  // The tab that synchronised is closed: the other one goes on.
  await tabs[0].close();
  await vi.waitFor(async () => expect(await agentsIn(tabs[1])).toContain('of another'), UNTIL);
  await tabs[1].close();
});

it('hear at once of what another database has saved, also when the hub was killed meanwhile', async () => {
  const words = ['--hub', 'live-hub.db', '--token-file', 'live-token', ...FOR_PAGES];
  const url = await commands.startHub(words);
  const token = (await commands.ggenSim(['serve', 'status', 'served.db', '--token'], '')).trim();
  // They look by themselves once an hour alone.
  const open = async (): Promise<SyncedPersistence<BackgroundSync>> => {
    const sync = backgroundSync(url, { token, intervalMs: 3_600_000, closeTimeoutMs: 100 });
    const database = await openPersistence({ storage: 'indexeddb', name: crypto.randomUUID(), sync });
    await vi.waitFor(async () => expect((await database.sync.status()).lastSuccess).not.toBeNull(), UNTIL);
    return database;
  };
  const [one, two] = [await open(), await open()];
  await one.saveMemory({ agentId: 'of one', agentType: 'test', memory: {} });
  await vi.waitFor(async () => expect(await agentsIn(two)).toEqual(['of one']), UNTIL);
  await commands.ggenSim(
    ['db', 'save-memory', 'of node', 'test', '{}', '--create', '--db', 'live.db'],
    token,
  );
  await commands.ggenSim(['sync', 'init', url, '--db', 'live.db'], token);
  await commands.ggenSim(['sync', 'run', '--db', 'live.db'], token);
  for (const database of [one, two])
    await vi.waitFor(async () => expect(await agentsIn(database)).toEqual(['of node', 'of one']), UNTIL);

  await commands.killHub();
  await two.saveMemory({ agentId: 'of two', agentType: 'test', memory: {} });
  await commands.startHub([...words, '--port', new URL(url).port]);
  await vi.waitFor(async () => {
    expect(await agentsIn(one)).toEqual(['of node', 'of one', 'of two']);
  }, AFTER_RESTART);
  for (const database of [one, two]) await database.close();
});

it('are kept apart by a hub that does not allow the page, and by what is no hub', async () => {
  const { url, token } = await startHub();
  await expect((await openTarget(url, { token })).id()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  // The page's own server.
  await expect((await openTarget(location.origin)).id()).rejects.toMatchObject({
    code: 'SYNC_TARGET_INVALID',
  });
  for (const elsewhere of ['postgres://localhost/fleet', 'hub.db']) {
    await expect(openTarget(elsewhere)).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
  }
});

/** Receipts to measure with, and where the hub keeps them, a file by default. See `throughput.test.ts`. */
const RECEIPTS = Number(import.meta.env['VITE_GGEN_SIM_SYNC_RECEIPTS'] ?? 0);
const HUB = import.meta.env['VITE_GGEN_SIM_SYNC_HUB'];

it.skipIf(RECEIPTS === 0)('are pushed from a page', { timeout: 0 }, async () => {
  const { url, token } = await startHub(...(HUB === undefined ? [] : [HUB]), ...FOR_PAGES);
  await using database = await openPersistence({ storage: 'indexeddb', name: crypto.randomUUID() });
  for (let first = 0; first < RECEIPTS; first += 1000) {
    await database.saveReceipts(
      Array.from({ length: Math.min(1000, RECEIPTS - first) }, (_, index) => ({
        executionId: `execution ${first + index}`,
        agentId: 'page',
        agentType: 'validation',
        receipt: { index: first + index, text: 'x'.repeat(150), list: [1, 2, 3], nested: { a: '"quoted"' } },
      })),
    );
  }
  const synchroniser = new Synchroniser(database, await openTarget(url, { token }));
  const startedAt = performance.now();
  const { entries } = await synchroniser.push();
  const wallS = (performance.now() - startedAt) / 1000;
  console.info(JSON.stringify({ what: 'push from a page', entries, wallS, perSecond: entries / wallS }));
  expect(entries).toBe(RECEIPTS);
});

/** Saves to measure with how long it takes until another page has one. */
const SAVES = Number(import.meta.env['VITE_GGEN_SIM_SYNC_SAVES'] ?? 0);

it.skipIf(SAVES === 0)('have what another page has saved', { timeout: 0 }, async () => {
  const { url, token } = await startHub('latency-hub.db', ...FOR_PAGES);
  const open = (): Promise<SyncedPersistence<BackgroundSync>> => {
    const sync = backgroundSync(url, { token, intervalMs: 3_600_000 });
    return openPersistence({ storage: 'indexeddb', name: crypto.randomUUID(), sync });
  };
  await using from = await open();
  await using to = await open();
  const latency = await measureLatency(from, to, SAVES);
  console.info(JSON.stringify({ what: 'from page to page', ...latency }));
  expect(latency.saves).toBe(SAVES);
});

it('encrypts what a page sends, and has its checkpoint cosigned', async () => {
  const { url, token } = await startHub('encrypted-hub.db', '--hub-key', 'hub.key', ...FOR_PAGES);
  await using one = await openPersistence({ storage: 'memory' });
  await using two = await openPersistence({ storage: 'memory' });
  const receipt = { text: 'SECRET' };
  await one.saveReceipt({ executionId: 'of a page', agentId: 'page', agentType: 'test', receipt });
  const key = crypto.getRandomValues(new Uint8Array(32));
  const target = await openTarget(url, { token, key });
  const note = await new Synchroniser(one, target).cosign((await one.checkpoint()).text);
  expect(note).toMatch(/\n1\n\S+\n\n— ggen-sim\.dev\/hub\//);
  const inside = await openTarget(url, { token });
  const sent = await inside.pull({ origin: 'none', after: 0, pushId: null, limit: 10 });
  expect(sent.changes).toHaveLength(1);
  expect(JSON.stringify(sent)).not.toContain('SECRET');
  await expect(new Synchroniser(two, inside).pull()).rejects.toMatchObject({ code: 'SYNC_KEY_REQUIRED' });
  await new Synchroniser(two, target).pull();
  expect((await two.queryReceipts())[0]?.receiptJson).toContain('SECRET');
});

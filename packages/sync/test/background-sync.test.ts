/** Databases that `openPersistence` synchronises, over served hubs. */
import { existsSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openPersistence, type Persistence, type SyncStarter } from '@ggen-sim/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  backgroundSync,
  openTarget,
  removeTarget,
  setTarget,
  Synchroniser,
  syncStatus,
  targetOf,
} from '../src/index.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const TOKEN = 't'.repeat(40);
const UNTIL = { timeout: 60_000, interval: 20 };

async function save(database: Persistence, executionId: string): Promise<void> {
  await database.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: {} });
}

async function executionsIn(database: Persistence): Promise<string[]> {
  return (await database.queryReceipts()).map(({ executionId }) => executionId).toSorted();
}

/** Answers no request. */
async function silentServer(): Promise<string> {
  const server = http.createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('send and read what is saved, while the hub is there, and go on when it comes back', async () => {
  const hub = path.join(folder, 'hub.db');
  const first = await serveHub(hub, { token: TOKEN });
  const { url, port } = first;
  const errors: string[] = [];
  const options = { token: TOKEN, intervalMs: 50 };
  await using one = await openPersistence({
    storage: 'file',
    path: path.join(folder, 'one.db'),
    sync: backgroundSync(url, {
      ...options,
      onReport: (report) => {
        if ('error' in report) errors.push((report.error as Error & { code: string }).code);
      },
    }),
  });
  const two = await openPersistence({
    storage: 'file',
    path: path.join(folder, 'two.db'),
    sync: backgroundSync(url, options),
  });
  await save(one, 'a');
  await vi.waitFor(async () => expect(await executionsIn(two)).toEqual(['a']), UNTIL);
  expect(await targetOf(one)).toBe(url);
  expect(await one.sync.status()).toMatchObject({ target: url, lastError: null });

  await first.stop();
  await save(one, 'b');
  await vi.waitFor(async () => {
    expect((await one.sync.status()).lastError?.code).toBe('SYNC_UNREACHABLE');
  }, UNTIL);
  await expect(one.sync.synchronise()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  expect(new Set(errors)).toEqual(new Set(['SYNC_UNREACHABLE']));
  expect(await one.sync.status()).toMatchObject({
    lagEntries: 1,
    advice: expect.stringMatching(/by itself/),
  });
  // Closing does not wait for what cannot be reached.
  await two.close();

  const second = await serveHub(hub, { token: TOKEN, port });
  onTestFinished(second.stop);
  await vi.waitFor(async () => expect((await one.sync.status()).lagEntries).toBe(0), UNTIL);
  await using again = await openPersistence({ storage: 'file', path: path.join(folder, 'two.db') });
  await new Synchroniser(again, await openTarget(url, { token: TOKEN })).synchronise();
  expect(await executionsIn(again)).toEqual(['a', 'b']);
});

it('send what is left when the database is closed, and are closed with it', async () => {
  const server = await serveHub(path.join(folder, 'closing.db'), { token: TOKEN });
  onTestFinished(server.stop);
  const sync = backgroundSync(server.url, { token: TOKEN, intervalMs: 3_600_000 });
  const one = await openPersistence({ storage: 'memory', sync });
  await vi.waitFor(async () => expect((await one.sync.status()).lastSuccess).not.toBeNull(), UNTIL);
  await save(one, 'a');
  await Promise.all([one.close(), one[Symbol.asyncDispose]()]);
  await expect(executionsIn(one)).rejects.toMatchObject({ code: 'CLOSED' });
  await using two = await openPersistence({ storage: 'memory' });
  await new Synchroniser(two, await openTarget(server.url, { token: TOKEN })).synchronise();
  expect(await executionsIn(two)).toEqual(['a']);
});

it('neither fail nor keep open a database whose hub refuses the token, or does not answer', async () => {
  const server = await serveHub(path.join(folder, 'refusing.db'), { token: TOKEN });
  onTestFinished(server.stop);
  const refused = await openPersistence({
    storage: 'memory',
    sync: backgroundSync(server.url, { token: 'x'.repeat(40), intervalMs: 20 }),
  });
  await save(refused, 'a');
  // It is tried again: the token may be one that the hub learns of later.
  const firstAt = await vi.waitFor(async () => {
    const { lastError } = await refused.sync.status();
    expect(lastError?.code).toBe('SYNC_UNAUTHORIZED');
    expect((await refused.sync.status()).advice).toMatch(/^It is tried again with this token/);
    return lastError?.at;
  }, UNTIL);
  await vi.waitFor(async () => {
    expect((await refused.sync.status()).lastError?.at).not.toBe(firstAt);
  }, UNTIL);
  await refused.close();

  const silent = await openPersistence({
    storage: 'memory',
    sync: backgroundSync(await silentServer(), { closeTimeoutMs: 10 }),
  });
  await save(silent, 'a');
  await silent.close();
  await expect(executionsIn(silent)).rejects.toMatchObject({ code: 'CLOSED' });
});

it('are refused before anything is opened, or leave nothing open', async () => {
  const file = path.join(folder, 'without.db');
  expect(() => backgroundSync('ftp://hub')).toThrowError(
    expect.objectContaining({ code: 'SYNC_TARGET_INVALID' }),
  );
  const sync = backgroundSync('http://127.0.0.1:1');
  const wrong = [
    { storage: 'file', path: file, sync: {} },
    { storage: 'file', path: file, sync: null },
    { storage: 'remote', url: 'http://127.0.0.1:1', sync },
  ];
  for (const options of wrong) {
    await expect(openPersistence(options as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: expect.any(String),
    });
  }
  const exclusive = { storage: 'file', path: file, exclusive: true, changeLog: false } as const;
  await expect(openPersistence({ ...exclusive, sync })).rejects.toMatchObject({ code: 'NO_CHANGE_LOG' });
  await (await openPersistence(exclusive)).close();
  // Saves go on when a starter of another kind fails to stop.
  const failing: SyncStarter = {
    start: async () => ({
      stop: async () => {
        throw new Error('it fails');
      },
    }),
  };
  await (await openPersistence({ ...exclusive, sync: failing })).close();
  await (await openPersistence(exclusive)).close();
});

it('store the URL of PostgreSQL without its password', async () => {
  const url = 'postgres://ggen:secret@127.0.0.1:1/fleet?sslmode=disable&password=secret';
  await using database = await openPersistence({ storage: 'memory', sync: backgroundSync(url) });
  expect(await targetOf(database)).toBe('postgres://ggen@127.0.0.1:1/fleet?sslmode=disable');
});

it('create the file of a hub only when asked to: its folder may not be mounted', async () => {
  const hub = path.join(folder, 'mounted', 'hub.db');
  const open = (create?: boolean) =>
    openPersistence({
      storage: 'memory',
      sync: backgroundSync(hub, { intervalMs: 20, ...(create !== undefined && { create }) }),
    });
  const without = await open();
  await save(without, 'a');
  await vi.waitFor(async () => {
    expect((await without.sync.status()).lastError).toMatchObject({ code: 'SYNC_UNREACHABLE' });
  }, UNTIL);
  await without.close();
  expect(existsSync(path.dirname(hub))).toBe(false);
  await using creating = await open(true);
  await save(creating, 'a');
  await vi.waitFor(async () => expect((await creating.sync.status()).lagEntries).toBe(0), UNTIL);
  expect(existsSync(hub)).toBe(true);
});

it('go over a target that the program opens, and end with it', async () => {
  const hub = await openTarget(path.join(folder, 'own.db'));
  const close = hub.close.bind(hub);
  const given: unknown[] = [];
  let isClosed = false;
  const sync = backgroundSync('https://hub.example/', {
    token: TOKEN,
    openTarget: async (location, { token }) => {
      given.push(location, token);
      return Object.assign(hub, { close: () => close().then(() => (isClosed = true)) });
    },
  });
  const one = await openPersistence({ storage: 'memory', sync });
  await save(one, 'a');
  await vi.waitFor(async () => expect((await one.sync.status()).lagEntries).toBe(0), UNTIL);
  await one.close();
  expect(given).toEqual(['https://hub.example', TOKEN]);
  expect(isClosed).toBe(true);
  const again = await openTarget(path.join(folder, 'own.db'));
  await using two = await openPersistence({ storage: 'memory' });
  await new Synchroniser(two, again).synchronise();
  expect(await executionsIn(two)).toEqual(['a']);
  await again.close();
});

it('close the target when the database cannot be synchronised', async () => {
  const hub = await openTarget(path.join(folder, 'refused.db'));
  const close = hub.close.bind(hub);
  let isClosed = false;
  const sync = backgroundSync('https://hub.example', {
    openTarget: async () => Object.assign(hub, { close: () => close().then(() => (isClosed = true)) }),
  });
  await expect(openPersistence({ storage: 'memory', changeLog: false, sync })).rejects.toMatchObject({
    code: 'NO_CHANGE_LOG',
  });
  expect(isClosed).toBe(true);
});

it('end when the target is removed, which keeps every row, and begin anew with another one', async () => {
  const first = await openTarget(path.join(folder, 'left.db'));
  await using database = await openPersistence({ storage: 'memory' });
  await save(database, 'a');
  await setTarget(database, path.join(folder, 'left.db'));
  await new Synchroniser(database, first).synchronise();
  await first.close();
  expect(await syncStatus(database)).toMatchObject({ lagEntries: 0, lastError: null });

  await removeTarget(database);
  const { lastSeq } = await database.syncState();
  expect(await syncStatus(database)).toMatchObject({ target: null, lagEntries: lastSeq, lastSuccess: null });
  await expect(targetOf(database)).rejects.toMatchObject({ code: 'SYNC_NOT_SET_UP' });
  expect(await executionsIn(database)).toEqual(['a']);

  const second = await openTarget(path.join(folder, 'joined.db'));
  await new Synchroniser(database, second).synchronise();
  await using other = await openPersistence({ storage: 'memory' });
  await new Synchroniser(other, second).synchronise();
  expect(await executionsIn(other)).toEqual(['a']);
  await second.close();
});

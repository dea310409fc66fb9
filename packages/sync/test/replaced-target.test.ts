/** Databases that are given another target while they are synchronised, as `sync init` of another process does. */
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { expect, it, onTestFinished } from 'vitest';
import {
  backgroundSync,
  openTarget,
  removeTarget,
  runSync,
  setTarget,
  Synchroniser,
  syncStatus,
  type SyncTarget,
} from '../src/index.ts';
import { executionsIn, save, UNTIL } from './machines.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = (): string => path.join(folder, `hub-${files++}.db`);

async function opened(location: string): Promise<SyncTarget> {
  const target = await openTarget(location);
  onTestFinished(() => target.close());
  return target;
}

/** What has come to a hub, as another database reads it. */
async function executionsAt(location: string): Promise<string[]> {
  await using reader = await openPersistence({ storage: 'memory' });
  await new Synchroniser(reader, await opened(location)).pull();
  return await executionsIn(reader)();
}

/** A database that is synchronised over a hub, and has nothing to send. */
async function databaseOver(location: string): Promise<Persistence> {
  const database = await openPersistence({ storage: 'memory' });
  onTestFinished(() => database.close());
  await setTarget(database, location);
  await save(database, 'a');
  await new Synchroniser(database, await opened(location)).synchronise();
  return database;
}

it.each(['another', 'none'])('are sent to the one of before no more, and the run ends: %s', async (since) => {
  const [before, after] = [newFile(), newFile()];
  const database = await databaseOver(before);
  const { signal } = new AbortController();
  const options = { signal, location: before, goesOn: true, intervalMs: 200 };
  const run = runSync(database, await opened(before), options);
  // It ends before it is waited for.
  run.catch(() => undefined);
  await (since === 'another' ? setTarget(database, after) : removeTarget(database));
  await save(database, 'b');
  await expect(run).rejects.toMatchObject({ code: 'SYNC_TARGET_REPLACED', hint: expect.any(String) });
  expect(await syncStatus(database)).toMatchObject({
    target: since === 'another' ? after : null,
    lagEntries: 2,
    lastError: null,
  });
  expect(await executionsAt(before)).toEqual(['a']);
  if (since === 'none') return;
  await new Synchroniser(database, await opened(after)).synchronise();
  expect(await executionsAt(after)).toEqual(['a', 'b']);
  expect(await syncStatus(database)).toMatchObject({ target: after, lagEntries: 0, lastError: null });
});

it.each(['push', 'pull'] as const)(
  'keep the new one when a %s of the one of before ends later',
  async (call) => {
    const [before, after] = [newFile(), newFile()];
    const database = await databaseOver(before);
    await using other = await openPersistence({ storage: 'memory' });
    await save(other, 'of another');
    await new Synchroniser(other, await opened(before)).synchronise();
    const saved = ['a'];
    for (const fails of [false, true]) {
      const next = fails ? 'c' : 'b';
      await save(database, next);
      saved.push(next);
      const hub = await opened(before);
      const target: SyncTarget = {
        ...hub,
        id: () => hub.id(),
        cursor: (origin) => hub.cursor(origin),
        unknown: (leaves) => hub.unknown(leaves),
        push: (batch) => hub.push(batch),
        pull: (request) => hub.pull(request),
        close: () => hub.close(),
        subscribe: (signal) => hub.subscribe(signal),
        [call]: async (given: never) => {
          const answer = await hub[call](given);
          await setTarget(database, after);
          if (fails) throw new Error('the answer was lost');
          return answer;
        },
      };
      await setTarget(database, before);
      await expect(new Synchroniser(database, target).synchronise()).rejects.toThrowError(
        fails ? 'the answer was lost' : 'another target',
      );
      expect(await syncStatus(database)).toMatchObject({
        target: after,
        lagEntries: saved.length,
        lastSuccess: null,
        lastError: null,
      });
      expect(await executionsIn(database)()).toEqual(saved);
    }
  },
);

it('tell the program, which synchronises over the other one when it opens the database again', async () => {
  const [before, after] = [newFile(), newFile()];
  const reports: unknown[] = [];
  const sync = backgroundSync(before, {
    create: true,
    intervalMs: 200,
    onReport: (report) => reports.push('error' in report ? report : 'moved'),
  });
  await using database = await openPersistence({ storage: 'memory', sync });
  await save(database, 'a');
  await expect.poll(async () => (await database.sync.status()).lagEntries, UNTIL).toBe(0);
  await setTarget(database, after);
  const error = expect.objectContaining({ code: 'SYNC_TARGET_REPLACED' });
  await expect.poll(() => reports.at(-1), UNTIL).toEqual({ error, retryMs: Infinity });
  await expect(database.sync.synchronise()).rejects.toMatchObject({ code: 'SYNC_TARGET_REPLACED' });
  await database.sync.stop();
  expect(await syncStatus(database)).toMatchObject({ target: after, lagEntries: 1, lastError: null });
});

import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assertSameTarget,
  noteFailure,
  openTarget,
  renewOrigin,
  setTarget,
  SyncError,
  Synchroniser,
  syncStatus,
  targetOf,
  type SyncTarget,
} from '../src/index.ts';
import { openFileTarget } from '../src/targets/file-target.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let target: SyncTarget;

beforeAll(async () => {
  target = await openFileTarget(path.join(folder, 'hub.db'));
});

afterAll(() => target.close());

function open(name: string): Promise<Persistence> {
  return openPersistence({ storage: 'file', path: path.join(folder, name) });
}

async function save(database: Persistence, executionId: string): Promise<void> {
  await database.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: {} });
}

async function executionsIn(database: Persistence): Promise<string[]> {
  return (await database.queryReceipts()).map(({ executionId }) => executionId).toSorted();
}

describe('a file that was copied', () => {
  it('is reported as FORKED, and both files go on once the copy has an id of its own', async () => {
    {
      await using original = await open('original.db');
      await save(original, 'before');
      await new Synchroniser(original, target).synchronise();
    }
    copyFileSync(path.join(folder, 'original.db'), path.join(folder, 'copy.db'));
    await using original = await open('original.db');
    await using copy = await open('copy.db');
    await save(original, 'in the original');
    await save(copy, 'in the copy');
    await new Synchroniser(original, target).synchronise();
    const synchroniser = new Synchroniser(copy, target);
    await expect(synchroniser.synchronise()).rejects.toMatchObject({ code: 'FORKED' });
    await expect(synchroniser.synchronise()).rejects.toMatchObject({ code: 'FORKED' });
    expect(await executionsIn(copy)).toEqual(['before', 'in the copy']);
    expect(await syncStatus(copy)).toMatchObject({ lastError: { code: 'FORKED' }, lagEntries: 1 });
    const { origin: before } = await copy.syncState();
    const origin = await renewOrigin(copy);
    expect(origin).not.toBe(before);
    await synchroniser.synchronise();
    await new Synchroniser(original, target).synchronise();
    const all = ['before', 'in the copy', 'in the original'];
    expect([await executionsIn(copy), await executionsIn(original)]).toEqual([all, all]);
    expect(await syncStatus(copy)).toMatchObject({ origin, lastError: null, lagEntries: 0 });
    expect((await copy.verify()).problems).toEqual([]);
  });

  it('is reported when it is older than what the target has, and gets back what it lost', async () => {
    {
      await using database = await open('rolled-back.db');
      await save(database, 'kept');
      await new Synchroniser(database, target).synchronise();
    }
    copyFileSync(path.join(folder, 'rolled-back.db'), path.join(folder, 'older.db'));
    {
      await using database = await open('rolled-back.db');
      await save(database, 'lost');
      await new Synchroniser(database, target).synchronise();
    }
    copyFileSync(path.join(folder, 'older.db'), path.join(folder, 'rolled-back.db'));
    await using database = await open('rolled-back.db');
    const synchroniser = new Synchroniser(database, target);
    await expect(synchroniser.synchronise()).rejects.toMatchObject({ code: 'FORKED' });
    await renewOrigin(database);
    await synchroniser.synchronise();
    expect(await executionsIn(database)).toContain('lost');
  });
});

describe('the target of a database', () => {
  it('is stored without a password, and named by the status', async () => {
    await using database = await openPersistence({ storage: 'memory' });
    await expect(targetOf(database)).rejects.toMatchObject({ code: 'SYNC_NOT_SET_UP' });
    const wrong = [
      '',
      'ftp://host/db',
      'postgres://me:secret@host/db',
      'postgres://host/db?password=x',
      'postgres://[',
    ];
    for (const location of wrong) {
      await expect(setTarget(database, location)).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
    }
    // Only what is stored must hold none. Nothing is connected before the first call.
    await (await openTarget('postgres://me:secret@host/db')).close();
    // What is none is shown, without what may be secret.
    for (const [location, shown] of [
      ['postgres://[', '"postgres://["'],
      ['postgres://me:s/e@c@ret[host/db?password=x', '"postgres://…@ret[host/db…"'],
      ['http://hub example/#token', '"http://hub example/…"'],
    ] as const) {
      await expect(openTarget(location)).rejects.toMatchObject({
        code: 'SYNC_TARGET_INVALID',
        message: `${shown} is no URL`,
      });
    }
    await setTarget(database, 'hub.db');
    expect(await targetOf(database)).toBe(path.resolve('hub.db'));
    await save(database, 'waits');
    const now = new Date(Date.now() + 60_000);
    const status = await syncStatus(database, now);
    expect(status).toMatchObject({
      target: path.resolve('hub.db'),
      lagEntries: 1,
      lastSuccess: null,
      lastError: null,
    });
    expect(status.lagSeconds).toBeGreaterThanOrEqual(59);
    expect(status.advice).toMatch(/^Synchronise/);
    // Nobody is told to do what happens by itself.
    expect((await syncStatus(database, now, true)).advice).toBe(
      'Nothing is to be done: what was saved is sent by itself.',
    );
  });

  it('of another kind begins anew, and nothing is stored twice', async () => {
    await using database = await openPersistence({ storage: 'memory' });
    await using other = await openPersistence({ storage: 'memory' });
    await save(database, 'a');
    for (const name of ['first.db', 'second.db']) {
      const hub = await openFileTarget(path.join(folder, name));
      for (const each of [database, other, database]) await new Synchroniser(each, hub).synchronise();
      await hub.close();
    }
    expect(await executionsIn(other)).toEqual(['a']);
  });

  it('gets nothing when another one is at the same location, until it is set again', async () => {
    await using database = await openPersistence({ storage: 'memory' });
    await save(database, 'a');
    await setTarget(database, path.join(folder, 'expected.db'));
    const [expected, other] = [
      await openFileTarget(path.join(folder, 'expected.db')),
      await openFileTarget(path.join(folder, 'unexpected.db')),
    ];
    await new Synchroniser(database, expected).synchronise();
    await save(database, 'b');
    for (const call of ['push', 'pull', 'synchronise'] as const) {
      await expect(new Synchroniser(database, other)[call]()).rejects.toMatchObject({
        code: 'SYNC_TARGET_CHANGED',
        hint: expect.stringContaining('`setTarget`'),
      });
    }
    const { origin } = await database.syncState();
    await assertSameTarget(database, expected);
    await noteFailure(database, new SyncError('SYNC_UNREACHABLE', 'noted before'));
    await expect(assertSameTarget(database, other)).rejects.toMatchObject({ code: 'SYNC_TARGET_CHANGED' });
    expect((await other.cursor(origin)).seq).toBe(0);
    expect(await syncStatus(database)).toMatchObject({
      lagEntries: 1,
      lastError: { code: 'SYNC_TARGET_CHANGED' },
      advice: expect.stringContaining('`setTarget`'),
    });
    // The right token is given again.
    await new Synchroniser(database, expected).synchronise();
    await save(database, 'c');
    await expect(new Synchroniser(database, other).push()).rejects.toMatchObject({
      code: 'SYNC_TARGET_CHANGED',
    });
    await setTarget(database, path.join(folder, 'expected.db'));
    await new Synchroniser(database, other).synchronise();
    const { lastSeq } = await database.syncState();
    expect((await other.cursor(origin)).seq).toBe(lastSeq);
    for (const each of [expected, other]) await each.close();
  });
});

describe('the last error', () => {
  it.each(['push', 'pull', 'synchronise'] as const)('is noted, and gone after %s succeeded', async (call) => {
    await using database = await openPersistence({ storage: 'memory' });
    const hub = await openFileTarget(path.join(folder, `${call}.db`));
    const failure = Object.assign(new Error('not now'), { code: 'SYNC_UNREACHABLE' });
    const fails = (): Promise<never> => Promise.reject(failure);
    const down: SyncTarget = {
      id: fails,
      cursor: fails,
      unknown: fails,
      push: fails,
      pull: fails,
      cosign: fails,
      async *subscribe() {
        yield await fails();
      },
      close: async () => undefined,
    };
    await expect(new Synchroniser(database, down)[call]()).rejects.toBe(failure);
    expect(await syncStatus(database)).toMatchObject({
      lastError: { code: 'SYNC_UNREACHABLE', message: 'not now' },
      lastSuccess: null,
    });
    await new Synchroniser(database, hub)[call]();
    expect(await syncStatus(database)).toMatchObject({ lastError: null, lastSuccess: expect.any(String) });
    await hub.close();
  });
});

describe('records that cannot be stored here', () => {
  it('are counted, and the others are stored', async () => {
    await using database = await openPersistence({ storage: 'memory' });
    await using other = await openPersistence({ storage: 'memory' });
    const hub = await openFileTarget(path.join(folder, 'refused.db'));
    await database.saveReceipt({ executionId: 'same', agentId: 'a', agentType: 't', receipt: { of: 'one' } });
    await other.saveReceipt({
      executionId: 'same',
      agentId: 'a',
      agentType: 't',
      receipt: { of: 'another' },
    });
    await save(database, 'b');
    await new Synchroniser(database, hub).synchronise();
    const { pulled } = await new Synchroniser(other, hub).synchronise();
    expect(pulled).toMatchObject({ stored: 1, refusedCount: 1 });
    expect(pulled.refused[0]?.reason).toMatch(/execution_id/);
    expect(await executionsIn(other)).toEqual(['b', 'same']);
    expect(await syncStatus(other)).toMatchObject({ refused: 1 });
    await hub.close();
  });

  it('are kept while they are held', async () => {
    await using database = await openPersistence({ storage: 'memory' });
    await using other = await openPersistence({ storage: 'memory' });
    const hub = await openFileTarget(path.join(folder, 'held.db'));
    const { receiptId } = await database.saveReceipt({
      executionId: 'e',
      agentId: 'a',
      agentType: 't',
      receipt: {},
    });
    for (const each of [database, other]) await new Synchroniser(each, hub).synchronise();
    await other.addHold({ receiptId, reason: 'a case' });
    await database.deleteRecord({ receiptId, reason: 'r' });
    await new Synchroniser(database, hub).synchronise();
    const { pulled } = await new Synchroniser(other, hub).synchronise();
    expect(pulled.refused).toMatchObject([{ id: receiptId }]);
    expect(await executionsIn(other)).toEqual(['e']);
    await hub.close();
  });
});

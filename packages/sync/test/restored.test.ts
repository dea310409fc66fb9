/** Targets and databases that are set back: to a backup, or to nothing. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { Synchroniser, syncStatus, type SyncTarget } from '../src/index.ts';
import { openFileTarget } from '../src/targets/file-target.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

async function save(database: Persistence, ...executionIds: string[]): Promise<void> {
  for (const executionId of executionIds) {
    await database.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: {} });
  }
}

async function synchronise(hub: SyncTarget | string, ...databases: Persistence[]): Promise<void> {
  const target = typeof hub === 'string' ? await openFileTarget(hub) : hub;
  for (const each of databases) await new Synchroniser(each, target).synchronise();
  if (typeof hub === 'string') await target.close();
}

async function executionsIn(database: Persistence): Promise<string[]> {
  return (await database.queryReceipts()).map(({ executionId }) => executionId).toSorted();
}

it('gives every machine everything, when a hub that was restored has come to the same position by other changes', async () => {
  const hub = path.join(folder, 'hub.db');
  const backup = path.join(folder, 'hub-backup.db');
  await using one = await openPersistence({ storage: 'memory' });
  await using two = await openPersistence({ storage: 'memory' });
  await using three = await openPersistence({ storage: 'memory' });
  await save(one, 'a');
  await synchronise(hub, one, two, three);
  copyFileSync(hub, backup);
  await save(three, 'b');
  await save(one, 'c');
  await synchronise(hub, three, one, two);
  copyFileSync(backup, hub);
  // What comes instead of `b`; `c` comes to the position that it had.
  await using four = await openPersistence({ storage: 'memory' });
  await save(four, 'instead');
  await synchronise(hub, four, one, three);
  await synchronise(hub, two, four, one);
  for (const each of [one, two, three, four]) {
    expect(await executionsIn(each)).toEqual(['a', 'b', 'c', 'instead']);
    expect((await each.verify()).problems).toEqual([]);
  }
});

it('synchronises a database after a reset, and again', async () => {
  const target = await openFileTarget(path.join(folder, 'reset.db'));
  await using database = await openPersistence({ storage: 'memory' });
  await using other = await openPersistence({ storage: 'memory' });
  await save(database, 'a', 'b');
  await synchronise(target, database);
  await database.reset();
  await save(database, 'c');
  // An entry for each table that was emptied, and one for the receipt.
  expect(await syncStatus(database)).toMatchObject({ lagEntries: 4 });
  await synchronise(target, database);
  await save(database, 'd');
  // A position that was lost is found again by the log.
  const { origin } = await database.syncState();
  await database.applyChanges({ origin, pushedSeq: 0, changes: [], state: await stateWithoutPush(database) });
  await synchronise(target, database, other);
  const all = ['a', 'b', 'c', 'd'];
  expect([await executionsIn(database), await executionsIn(other)]).toEqual([all, all]);
  expect(await syncStatus(database)).toMatchObject({ lagEntries: 0, lastError: null });
  await target.close();
});

async function stateWithoutPush(database: Persistence): Promise<string> {
  const { state } = await database.syncState();
  return JSON.stringify({ ...JSON.parse(state ?? ''), pushed: { seq: 0, chain: '0'.repeat(64) } });
}

it.each(['json', 'image'] as const)(
  'synchronises a database after the restore of a backup without a change log, from %s',
  async (from) => {
    const target = await openFileTarget(path.join(folder, `${from}.db`));
    const directory = path.join(folder, from);
    {
      await using plain = await openPersistence({ storage: 'memory', changeLog: false });
      await save(plain, 'a');
      await plain.exportBackup({ directory });
    }
    await using database = await openPersistence({ storage: 'memory' });
    await save(database, 'b');
    await synchronise(target, database);
    await database.restoreBackup({ directory, from, force: true });
    await save(database, 'c');
    await synchronise(target, database);
    expect(await executionsIn(database)).toEqual(['a', 'b', 'c']);
    expect((await database.verify()).problems).toEqual([]);
    await target.close();
  },
);

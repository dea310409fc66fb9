/** A merge in the page is of the versions that were seen, and of no others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { openTarget, Synchroniser, type ConflictVersion } from '@ggen-sim/sync';
import { expect, it, onTestFinished } from 'vitest';
import { conflictsOf, mergeSeen, seenOf, type SeenConflicts } from '../src/sync/running-sync.ts';

const agent = { agentId: 'a', agentType: 't' };

async function see(database: Persistence): Promise<SeenConflicts> {
  const [memory] = await database.queryMemory({ agentExact: 'a' });
  const conflicts = await conflictsOf(database, 'a', false);
  const { version = 0, memoryJson = '' } = memory ?? {};
  return { agentId: 'a', version, memoryJson, auditIds: conflicts.map(({ auditId }) => auditId) };
}

it('refuses a version that was not seen, also one of the same number', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ggen-merge-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const target = await openTarget(path.join(folder, 'hub.db'));
  await using one = await openPersistence({ storage: 'memory' });
  await using two = await openPersistence({ storage: 'memory' });
  await using three = await openPersistence({ storage: 'memory' });
  const synchronise = async (...databases: Persistence[]): Promise<void> => {
    for (const database of databases) await new Synchroniser(database, target).synchronise();
  };
  for (const [database, memory] of [
    [one, '{"in":"one"}'],
    [two, '{"in":"two"}'],
    [three, '{"in":"three"}'],
  ] as const)
    await database.saveMemory({ ...agent, memory });
  await synchronise(one, two, one);
  const first = await see(one);
  expect(first).toMatchObject({ version: 1, auditIds: [expect.any(String)] });
  const contents = await conflictsOf(one, 'a', true);
  expect(contents.flatMap(({ winner, loser }) => [winner.memoryJson, loser.memoryJson]).toSorted()).toEqual([
    '{"in":"one"}',
    '{"in":"two"}',
  ]);

  await synchronise(three, one);
  expect((await see(one)).version).toBe(1);
  await expect(mergeSeen(one, first, { memory: '{}' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  const second = await see(one);
  expect(second.auditIds.length).toBeGreaterThan(1);
  expect(await mergeSeen(one, second, { memory: '{"in":"all"}' })).toMatchObject({ version: 2 });
  await expect(mergeSeen(one, second, { memory: '{}' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  expect(await conflictsOf(one, 'a', true)).toEqual([]);
  await synchronise(one, two, three);
  for (const database of [one, two, three])
    expect(await database.queryMemory()).toMatchObject([{ memoryJson: '{"in":"all"}', version: 2 }]);
  await target.close();
});

it('refuses a text that was begun before its memory was redacted or deleted, and asks for no merge of it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ggen-merge-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const target = await openTarget(path.join(folder, 'hub.db'));
  await using one = await openPersistence({ storage: 'memory' });
  await using two = await openPersistence({ storage: 'memory' });
  const synchronise = async (...databases: Persistence[]): Promise<void> => {
    for (const database of databases) await new Synchroniser(database, target).synchronise();
  };
  await one.saveMemory({ ...agent, memory: '{"in":"one"}' });
  await two.saveMemory({ ...agent, memory: '{"in":"two"}' });
  await synchronise(one, two, one);
  const seen = await see(one);
  const removal = { agentId: 'a', reason: 'personal' };
  for (const remove of [() => two.redactRecord(removal), () => two.deleteRecord(removal)]) {
    await remove();
    await synchronise(two, one);
    expect(await conflictsOf(one, 'a', true)).toEqual([]);
    const merge = mergeSeen(one, seen, { memory: '{"in":"one"}' });
    await expect(merge).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  }
  expect(await one.queryMemory()).toEqual([]);
  await target.close();
});

it('offers the last version of a machine that saved several times, in whatever order conflicts are listed', () => {
  const version = (number: number, hash: string): ConflictVersion => ({
    version: number,
    hash,
    lastUpdated: `2026-01-02 03:04:0${number}`,
  });
  const [used, last, earlier] = [version(3, 'used'), version(3, 'last'), version(2, 'earlier')];
  const conflicts = [last, earlier].map((loser) => ({
    agentId: 'a',
    auditId: loser.hash,
    merged: false,
    winner: used,
    loser,
  }));
  const memory = { agentId: 'a', version: 3, memoryJson: '{}' };
  for (const listed of [conflicts, conflicts.toReversed()])
    expect(seenOf(memory, listed)).toMatchObject({ used, others: [last, earlier] });
});

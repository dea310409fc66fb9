import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { memoryConflicts, mergeMemory, Synchroniser, type MemoryConflict } from '../src/index.ts';
import { openFileTarget } from '../src/targets/file-target.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const agent = { agentId: 'a', agentType: 't' };

async function currentOf(databases: readonly Persistence[]): Promise<unknown[]> {
  return Promise.all(
    databases.map(async (database) =>
      (await database.queryMemory()).map(({ version, memoryJson }) => [version, memoryJson]),
    ),
  );
}

it('lists a conflict on both sides with both memories, and a merge of either replaces it everywhere', async () => {
  const target = await openFileTarget(path.join(folder, 'hub.db'));
  await using left = await openPersistence({ storage: 'memory' });
  await using right = await openPersistence({ storage: 'memory' });
  const databases = [left, right];
  const synchronise = async (): Promise<void> => {
    for (const database of [left, right, left, right]) await new Synchroniser(database, target).synchronise();
  };
  await left.saveMemory({ ...agent, memory: '{"in":"both"}' });
  await synchronise();
  await left.saveMemory({ ...agent, memory: '{"in":"left"}' });
  await right.saveMemory({ ...agent, memory: '{"in":"right"}' });
  await right.saveMemory({ ...agent, memory: '{"in":"right again"}' });
  expect(await memoryConflicts(left)).toEqual([]);
  await expect(mergeMemory(left, { agentId: 'a', memory: '{}' })).rejects.toMatchObject({
    code: 'SYNC_NO_CONFLICT',
  });
  await synchronise();
  const [onLeft = [], onRight = []] = await Promise.all(
    databases.map((database) => memoryConflicts(database, { agentId: 'a', content: true })),
  );
  // Within a second, each has them in the order in which it stored them.
  const byId = (one: MemoryConflict, other: MemoryConflict): number => (one.auditId < other.auditId ? -1 : 1);
  expect(onRight.toSorted(byId)).toEqual(onLeft.toSorted(byId));
  // Left met both versions of right, one after the other.
  const conflict = onLeft.find(({ merged }) => !merged);
  expect(onLeft).toHaveLength(2);
  const versions = [conflict?.winner, conflict?.loser].map((side) => [side?.version, side?.memoryJson]);
  expect(versions).toEqual([
    [3, '{"in":"right again"}'],
    [2, '{"in":"left"}'],
  ]);
  expect(conflict).toMatchObject({ agentId: 'a', merged: false });

  await expect(
    mergeMemory(right, { agentId: 'a', memory: '{"in":"an earlier look"}', ifVersion: 2 }),
  ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  await mergeMemory(right, { agentId: 'a', hash: conflict?.loser.hash ?? '', ifVersion: 3 });
  await synchronise();
  expect(await currentOf(databases)).toEqual([[[4, '{"in":"left"}']], [[4, '{"in":"left"}']]]);
  for (const database of databases) {
    const listed = await memoryConflicts(database);
    expect(listed.map(({ merged }) => merged)).toEqual([true, true]);
  }
  await mergeMemory(left, { agentId: 'a', memory: '{"in":"merge"}' });
  await synchronise();
  expect(await currentOf(databases)).toEqual([[[5, '{"in":"merge"}']], [[5, '{"in":"merge"}']]]);
  await target.close();
});

it('does not take what it cannot know, or what was removed', async () => {
  const target = await openFileTarget(path.join(folder, 'removed.db'));
  await using left = await openPersistence({ storage: 'memory' });
  await using right = await openPersistence({ storage: 'memory' });
  await left.saveMemory({ ...agent, memory: '{"in":"left"}' });
  await new Synchroniser(left, target).synchronise();
  await new Synchroniser(right, target).synchronise();
  await left.saveMemory({ ...agent, memory: '{"n":1}' });
  await right.saveMemory({ ...agent, memory: '{"n":2}' });
  for (const database of [left, right]) await new Synchroniser(database, target).synchronise();
  // Another program's entry of that name.
  const foreign = {
    agentId: 'a',
    operation: 'memory_conflict',
    operationType: 'sync',
    status: 'completed',
  } as const;
  await right.logAudit({ ...foreign, details: 'lost' });
  await right.logAudit({ ...foreign, details: '{"winner":{"version":9},"loser":null}' });
  const [conflict, ...others] = await memoryConflicts(right);
  expect(others).toEqual([]);
  await expect(mergeMemory(right, { agentId: 'a', hash: '00' })).rejects.toMatchObject({
    code: 'SYNC_NO_CONFLICT',
  });
  await expect(mergeMemory(right, { agentId: 'b', memory: 1 })).rejects.toMatchObject({
    code: 'SYNC_NO_CONFLICT',
  });
  await right.redactRecord({ agentId: 'a', reason: 'asked for' });
  const merging = mergeMemory(right, { agentId: 'a', hash: conflict?.loser.hash ?? '' });
  await expect(merging).rejects.toThrow('was removed');
  await target.close();
});

it('pages thousands of conflicts, each once, and holds no more than a page', async () => {
  await using database = await openPersistence({ storage: 'memory' });
  await database.saveMemory({ ...agent, memory: '{}' });
  const COUNT = 2500;
  const side = (number: number): object => ({ version: number, leaf: 'ab'.repeat(32), last_updated: 'x' });
  for (let number = 0; number < COUNT; number++) {
    await database.logAudit({
      agentId: number % 2 === 0 ? 'a' : 'b',
      operation: 'memory_conflict',
      operationType: 'sync',
      status: 'completed',
      // Some are those of another program.
      details: number % 10 === 9 ? 'text' : JSON.stringify({ winner: side(number), loser: side(0) }),
    });
  }
  const numbers = (conflicts: readonly MemoryConflict[]): number[] =>
    conflicts.map(({ winner }) => winner.version);
  const expected = Array.from({ length: COUNT }, (_, index) => COUNT - 1 - index).filter(
    (number) => number % 10 !== 9,
  );
  expect(numbers(await memoryConflicts(database))).toEqual(expected.slice(0, 100));
  const paged: number[] = [];
  for (let after: string | undefined; ;) {
    const page = memoryConflicts(database, { limit: 170, ...(after !== undefined && { after }) });
    const { rows, nextCursor } = await page.withCursor();
    expect(rows.length).toBeLessThanOrEqual(170);
    paged.push(...numbers(rows));
    if (nextCursor === null) break;
    after = nextCursor;
  }
  expect(paged).toEqual(expected);
  const streamed: MemoryConflict[] = [];
  for await (const conflict of memoryConflicts(database, { limit: 1234, agentId: 'b' }))
    streamed.push(conflict);
  expect(numbers(streamed)).toEqual(expected.filter((number) => number % 2 === 1).slice(0, 1234));
  expect(await memoryConflicts(database, { limit: 0 })).toEqual([]);
  await expect(memoryConflicts(database, { after: 'no cursor' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

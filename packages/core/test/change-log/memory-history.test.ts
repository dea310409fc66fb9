/** Earlier versions of memory, in a real file. */
import { applyPatch, type Operation } from 'rfc6902';
import { expect, it } from 'vitest';
import { memoryOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { SettableClock } from '../../src/testing/settable-clock.ts';
import { createTestDatabase } from '../support/test-database.ts';

const VERSIONS = ['{"n": 1}', '{"n":2,"list":["a"]}', '{"list":["a","é"],"big":9007199254740993}'];

it('reads, lists, compares and restores the versions of a memory', async () => {
  const database = createTestDatabase();
  const clock = new SettableClock('2026-01-29T18:00:00Z');
  const db = await database.open({ clock: clock.read });
  await db.saveMemory(memoryOf('other'));
  for (const memory of VERSIONS) {
    await db.saveMemory(memoryOf('m', { memory, agentType: `type ${memory.length}` }));
    clock.forwardSeconds(60);
  }
  // Each version byte for byte, by its number and by a time.
  for (const [index, memory] of VERSIONS.entries()) {
    expect(await db.getMemory({ agentId: 'm', version: index + 1 })).toBe(memory);
    expect(await db.getMemory({ agentId: 'm', at: `2026-01-29T19:0${index}:30+01:00` })).toBe(memory);
  }
  expect(await db.getMemory({ agentId: 'm' })).toBe(VERSIONS[2]);
  for (const lookup of [
    { agentId: 'm', version: 4 },
    { agentId: 'm', at: '2026-01-29 17:59:59' },
    { agentId: 'nobody', version: 1 },
  ]) {
    expect(await rejectionOf(db.getMemory(lookup))).toMatchObject({ code: 'NOT_FOUND' });
  }
  for (const lookup of [
    { agentId: 'm', at: 'yesterday' },
    { agentId: 'm', version: 1, at: '2026-01-29 18:00:00' },
  ]) {
    expect(await rejectionOf(db.getMemory(lookup))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  expect(await db.memoryHistory('m')).toEqual([
    { version: 3, agentType: 'type 41', lastUpdated: '2026-01-29 18:02:00', sizeBytes: 42 },
    { version: 2, agentType: 'type 20', lastUpdated: '2026-01-29 18:01:00', sizeBytes: 20 },
    { version: 1, agentType: 'type 8', lastUpdated: '2026-01-29 18:00:00', sizeBytes: 8 },
  ]);

  const patch = await db.diffMemory({ agentId: 'm', from: 1, to: 2 });
  const patched = JSON.parse(VERSIONS[0] ?? '') as unknown;
  applyPatch(patched, patch as Operation[]);
  expect(patched).toEqual(JSON.parse(VERSIONS[1] ?? ''));
  expect(await db.diffMemory({ agentId: 'm', from: 3 })).toEqual([]);

  const stale = db.restoreMemory({ agentId: 'm', version: 1, ifVersion: 2 });
  expect(await rejectionOf(stale)).toMatchObject({ code: 'VERSION_CONFLICT' });
  expect(await db.restoreMemory({ agentId: 'm', version: 1, ifVersion: 3 })).toMatchObject({ version: 4 });
  expect(await db.getMemory('m')).toBe(VERSIONS[0]);
  expect(await db.getMemory({ agentId: 'm', version: 3 })).toBe(VERSIONS[2]);
  expect((await db.memoryHistory('m')).map(({ version }) => version)).toEqual([4, 3, 2, 1]);

  // Bodies of another program break nothing.
  database.native("UPDATE _change_log SET body = 'no JSON' WHERE seq = 3");
  expect(await rejectionOf(db.getMemory({ agentId: 'm', version: 1 }))).toMatchObject({ code: 'NOT_FOUND' });
});

it('says that a database without a change log keeps no earlier versions', async () => {
  const database = createTestDatabase();
  const db = await database.open({ changeLog: false });
  for (const memory of VERSIONS) await db.saveMemory(memoryOf('m', { memory }));
  expect(await db.memoryHistory('m')).toHaveLength(1);
  expect(await db.getMemory({ agentId: 'm', version: 3 })).toBe(VERSIONS[2]);
  expect(await rejectionOf(db.getMemory({ agentId: 'm', version: 2 }))).toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining('no change log') as string,
  });
  // What is saved from then on is kept.
  await db.enableHistory();
  await db.saveMemory(memoryOf('m'));
  expect(await db.getMemory({ agentId: 'm', version: 3 })).toBe(VERSIONS[2]);
});

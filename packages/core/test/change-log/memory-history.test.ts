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
    { agentId: 'm', hash: '0'.repeat(64) },
  ]) {
    expect(await rejectionOf(db.getMemory(lookup))).toMatchObject({ code: 'NOT_FOUND' });
  }
  for (const lookup of [
    { agentId: 'm', at: 'yesterday' },
    { agentId: 'm', version: 1, at: '2026-01-29 18:00:00' },
    { agentId: 'm', version: 1, hash: '0'.repeat(64) },
  ]) {
    expect(await rejectionOf(db.getMemory(lookup))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/u) as string;
  const history = await db.memoryHistory('m');
  expect(history).toEqual([
    { version: 3, agentType: 'type 41', lastUpdated: '2026-01-29 18:02:00', sizeBytes: 42, hash },
    { version: 2, agentType: 'type 20', lastUpdated: '2026-01-29 18:01:00', sizeBytes: 20, hash },
    { version: 1, agentType: 'type 8', lastUpdated: '2026-01-29 18:00:00', sizeBytes: 8, hash },
  ]);
  for (const version of history)
    expect(await db.getMemory({ agentId: 'm', hash: version.hash })).toBe(VERSIONS[version.version - 1]);

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

const COLUMNS = 'memory_id, agent_id, agent_type, memory_json, last_updated';

it('refuses versions that are no JSON text, and changes nothing', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  database.native(`INSERT INTO agent_memory (${COLUMNS}) VALUES
    ('1', 'blob', 't', x'7b7d', NULL), ('2', 'not utf-8', 't', CAST(x'22ff22' AS TEXT), NULL),
    ('3', 'words', 't', 'no JSON', NULL), ('4', 'type', x'ff', '{}', NULL)`);
  const refusals = async (agentId: string, version?: number): Promise<void> => {
    for (const lookup of version === undefined
      ? [agentId, { agentId }, { agentId, version: 1 }]
      : [{ agentId, version }]) {
      expect(await rejectionOf(db.getMemory(lookup))).toMatchObject({
        code: 'INVALID_JSON',
        operation: 'getMemory',
      });
    }
  };
  await refusals('blob');
  await refusals('not utf-8');
  for (const agentId of ['blob', 'not utf-8', 'words', 'type'])
    await db.saveMemory(memoryOf(agentId, { memory: '{"v":2}' }));
  const stored = database.native('SELECT * FROM agent_memory');
  for (const [agentId, sizeBytes] of [
    ['blob', 2],
    ['not utf-8', 3],
  ] as const) {
    await refusals(agentId, 1);
    expect((await db.memoryHistory(agentId))[1]).toMatchObject({ version: 1, agentType: 't', sizeBytes });
  }
  for (const agentId of ['blob', 'not utf-8', 'words']) {
    for (const call of [
      () => db.restoreMemory({ agentId, version: 1 }),
      () => db.diffMemory({ agentId, from: 1 }),
    ]) {
      expect(await rejectionOf(call()), agentId).toMatchObject({ code: 'INVALID_JSON' });
    }
  }
  expect(await rejectionOf(db.restoreMemory({ agentId: 'type', version: 1 }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  expect(database.native('SELECT * FROM agent_memory')).toBe(stored);
});

it('keeps the versions of memories without an id apart', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  database.native(`INSERT INTO agent_memory (${COLUMNS}) VALUES
    (NULL, 'a', 't', '"a1"', CURRENT_TIMESTAMP), (NULL, 'b', 't', '"b1"', CURRENT_TIMESTAMP)`);
  for (const version of [2, 3]) {
    for (const agentId of ['a', 'b'])
      await db.saveMemory(memoryOf(agentId, { memory: `"${agentId}${version}"` }));
  }
  for (const agentId of ['a', 'b']) {
    expect((await db.memoryHistory(agentId)).map(({ version }) => version)).toEqual([3, 2, 1]);
    for (const version of [1, 2, 3]) {
      expect(await db.getMemory({ agentId, version })).toBe(`"${agentId}${version}"`);
    }
  }
});

it('finds the version of a moment among times in the forms of other programs', async () => {
  const database = createTestDatabase();
  const clock = new SettableClock('2026-11-29T00:00:00Z');
  const db = await database.open({ clock: clock.read });
  const at = (time: string): Promise<string> => db.getMemory({ agentId: 'a', at: time });
  await db.saveMemory(memoryOf('a', { memory: '1' }));
  const setTime = (time: string): string => database.native(`UPDATE agent_memory SET last_updated = ${time}`);
  for (const time of ["'2026-11-29T01:00:00Z'", "'2026-11-29 02:00:00+01:00'", '1795914000', 'NULL']) {
    setTime(time);
    expect(await at('2026-11-29 23:00:00'), time).toBe('1');
    if (time !== 'NULL')
      expect(await rejectionOf(at('2026-11-29 00:59:59'))).toMatchObject({ code: 'NOT_FOUND' });
  }
  setTime("'2026-11-29T01:00:00Z'");
  clock.forwardSeconds(2 * 3600);
  await db.saveMemory(memoryOf('a', { memory: '2' }));
  setTime("'unknown'");
  clock.forwardSeconds(2 * 3600);
  await db.saveMemory(memoryOf('a', { memory: '3' }));
  // Version 2 was saved between the others, so from the time of the first on nothing says that it was not there.
  expect(await at('2026-11-29 04:00:00')).toBe('3');
  expect(await at('2026-11-29 03:59:59')).toBe('2');
  expect(await rejectionOf(at('2026-11-29 00:59:59'))).toMatchObject({ code: 'NOT_FOUND' });
  expect((await db.memoryHistory('a')).map(({ lastUpdated }) => lastUpdated)).toEqual([
    '2026-11-29 04:00:00',
    'unknown',
    '2026-11-29 01:00:00',
  ]);
});

it('lists long histories in steps, between which other operations run', async () => {
  const db = await createTestDatabase().open();
  for (let version = 1; version <= 6; version++) {
    await db.saveMemory(memoryOf('m', { memory: `"${'x'.repeat(600_000 + version)}"` }));
  }
  const settled: string[] = [];
  const listing = db.memoryHistory('m').finally(() => settled.push('history'));
  const other = db.stats().finally(() => settled.push('stats'));
  expect((await listing).map(({ version, sizeBytes }) => [version, sizeBytes])).toEqual(
    [6, 5, 4, 3, 2, 1].map((version) => [version, 600_002 + version]),
  );
  await other;
  expect(settled).toEqual(['stats', 'history']);
});

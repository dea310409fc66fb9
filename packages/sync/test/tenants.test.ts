/** Tenants of one hub in PostgreSQL, and tables of a hub that had none. */
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { chainAfter, openTarget, START, Synchroniser, type TenantTarget } from '../src/index.ts';
import { openFileTarget } from '../src/targets/file-target.ts';
import { postgresTarget } from '../src/targets/postgres-target.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function executionsIn(database: Persistence): Promise<string[]> {
  return (await database.queryReceipts()).map(({ executionId }) => executionId).toSorted();
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

it('never see rows of each other, and neither does a statement that forgets to ask for one of them', async () => {
  const url = await cluster.newSchema('hub');
  const tokens = { acme: 'a'.repeat(40), globex: 'g'.repeat(40) };
  const server = await serveHub(url, {
    scopedTokens: Object.entries(tokens).map(([tenant, token]) => ({
      token,
      tenant,
      scopes: ['push', 'pull'],
    })),
  });
  onTestFinished(server.stop);
  const shared = { executionId: 'shared', agentId: 'a', agentType: 't', receipt: {} };
  const databases: Persistence[] = [];
  const ids = new Set<string>();
  for (const token of [tokens.acme, tokens.globex, server.token ?? '']) {
    const database = await openPersistence({ storage: 'memory', clock: () => new Date(0) });
    onTestFinished(() => database.close());
    databases.push(database);
    const target = await openTarget(server.url, { token });
    ids.add(await target.id());
    // The same row has the same hash: a hub that told so would tell what another tenant has.
    await database.saveReceipts([shared, { ...shared, executionId: `of ${token}` }]);
    const { pushed } = await new Synchroniser(database, target).synchronise();
    expect(pushed.changes).toBe(2);
    await using reader = await openPersistence({ storage: 'memory' });
    await new Synchroniser(reader, target).synchronise();
    expect(await executionsIn(reader)).toEqual([`of ${token}`, 'shared']);
  }
  expect(ids.size).toBe(3);
  for (const database of databases) expect(await executionsIn(database)).toHaveLength(2);

  const client = await connect(url);
  const countOf = async (sql: string): Promise<number> => (await client.query(sql)).rowCount ?? 0;
  for (const table of ['ggen_hub', 'ggen_origins', 'ggen_entries', 'ggen_changes', 'ggen_pushes']) {
    await client.query(`RESET ggen_sim.tenant`);
    expect([table, await countOf(`SELECT * FROM ${table}`)]).toEqual([table, 0]);
    await client.query(`SET ggen_sim.tenant = 'acme'`);
    const seen = (await client.query<{ tenant: string }>(`SELECT tenant FROM ${table}`)).rows;
    expect([table, new Set(seen.map(({ tenant }) => tenant))]).toEqual([table, new Set(['acme'])]);
    await expect(client.query(`UPDATE ${table} SET tenant = 'globex'`)).rejects.toMatchObject({
      code: '42501',
    });
  }
  expect(await countOf('DELETE FROM ggen_changes')).toBe(2);
  const left = await cluster.query(
    `SELECT tenant, count(*)::int FROM ${schemaIn(url)}.ggen_changes GROUP BY tenant ORDER BY tenant`,
  );
  expect(left).toEqual([
    { tenant: 'default', count: 2 },
    { tenant: 'globex', count: 2 },
  ]);
});

it('need a user and tables whose rows PostgreSQL keeps apart', async () => {
  for (const right of ['SUPERUSER', 'BYPASSRLS']) {
    const user = `with_${right.toLowerCase()}`;
    const target = postgresTarget(await cluster.newSchema(user));
    onTestFinished(() => target.close());
    await cluster.query(`ALTER ROLE ${user} ${right}`);
    await expect(target.forTenant('acme').id()).rejects.toMatchObject({
      code: 'SYNC_TARGET_INVALID',
      message: expect.stringContaining(user),
    });
    // Without tenants there is nothing to keep apart.
    await expect(target.id()).resolves.toMatch(/./);
    await cluster.query(`ALTER ROLE ${user} NO${right}`);
    await expect(target.forTenant('acme').id()).resolves.toMatch(/./);
  }
  const url = await cluster.newSchema('hub');
  const target = postgresTarget(url);
  onTestFinished(() => target.close());
  await target.id();
  await cluster.query(`ALTER TABLE ${schemaIn(url)}.ggen_entries NO FORCE ROW LEVEL SECURITY`);
  await expect(target.forTenant('acme').id()).rejects.toMatchObject({
    code: 'SYNC_TARGET_INVALID',
    message: expect.stringContaining('ggen_entries'),
  });
});

it('are refused by a hub in a file, and where the name is none', async () => {
  const file = (await openFileTarget(path.join(folder, 'hub.db'))) as TenantTarget;
  await expect(file.forTenant('acme').id()).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
  await expect(file.id()).resolves.toMatch(/./);
  for (const name of ['', "o'neill", 'a b', 'x'.repeat(65)])
    expect(() => file.forTenant(name)).toThrowError(expect.objectContaining({ code: 'SYNC_INVALID' }));
  await file.close();
});

it('are asked in SQL as docs/fleet.md says, each about its own rows', async () => {
  const url = await cluster.newSchema('hub');
  const targets = postgresTarget(url);
  for (const [tenant, agents] of [
    ['acme', ['a', 'a', 'b']],
    ['globex', ['c']],
  ] as const) {
    await using database = await openPersistence({ storage: 'memory' });
    const saved = await database.saveReceipts(
      [...agents, 'deleted'].map((agentId, index) => ({
        executionId: `${tenant} ${index}`,
        agentId,
        agentType: 't',
        durationMs: 10 * (index + 1),
        receipt: { text: '\u0000' },
      })),
    );
    await new Synchroniser(database, targets.forTenant(tenant)).push();
    await database.deleteRecord({ receiptId: saved.at(-1)?.receiptId ?? '', reason: 'test' });
    await new Synchroniser(database, targets.forTenant(tenant)).push();
  }
  await targets.close();
  const client = await connect(url);
  const sql = `SELECT content::json ->> 'agentId' AS agent, count(*)::int, avg((content::json ->> 'durationMs')::float)
    FROM ggen_changes WHERE table_name = 'receipts' AND content IS NOT NULL GROUP BY 1 ORDER BY 1`;
  for (const [tenant, rows] of [
    [
      'acme',
      [
        ['a', 2, 15],
        ['b', 1, 30],
      ],
    ],
    ['globex', [['c', 1, 10]]],
  ] as const) {
    await client.query(`SET ggen_sim.tenant = '${tenant}'`);
    expect((await client.query({ text: sql, rowMode: 'array' })).rows).toEqual(rows);
  }
  await client.query('RESET ggen_sim.tenant');
  expect((await client.query(sql)).rows).toEqual([]);
});

const LEAF = 'ab'.repeat(32);
const END = chainAfter(START.chain, LEAF);

/** What version 1 of the tables had after one push. */
const VERSION_1 = `
  CREATE TABLE ggen_hub (
    only_row INTEGER PRIMARY KEY, hub_id TEXT NOT NULL, schema_version INTEGER NOT NULL, position BIGINT NOT NULL);
  CREATE TABLE ggen_origins (origin TEXT PRIMARY KEY, seq BIGINT NOT NULL, chain TEXT NOT NULL);
  CREATE TABLE ggen_entries (
    origin TEXT NOT NULL, seq BIGINT NOT NULL, leaf TEXT NOT NULL, chain TEXT NOT NULL, PRIMARY KEY (origin, seq));
  CREATE TABLE ggen_changes (
    position BIGINT PRIMARY KEY, change_key TEXT NOT NULL UNIQUE, origin TEXT NOT NULL, seq BIGINT NOT NULL,
    kind TEXT NOT NULL, table_name TEXT NOT NULL, record_id TEXT NOT NULL, leaf TEXT NOT NULL, parent TEXT,
    content TEXT, leaves TEXT, reason TEXT);
  CREATE TABLE ggen_pushes (position BIGINT PRIMARY KEY, push_id TEXT NOT NULL);
  CREATE INDEX ggen_changes_of_record ON ggen_changes (table_name, record_id);
  INSERT INTO ggen_hub VALUES (1, 'hub', 1, 1);
  INSERT INTO ggen_origins VALUES ('one', 1, '${END}');
  INSERT INTO ggen_entries VALUES ('one', 1, '${LEAF}', '${END}');
  INSERT INTO ggen_changes VALUES (
    1, '${LEAF}', 'one', 1, 'saved', 'receipts', 'r', '${LEAF}', NULL, '{"receiptId":"r"}', NULL, NULL);
  INSERT INTO ggen_pushes VALUES (1, 'push');`;

async function expectTakenOver(target: TenantTarget): Promise<void> {
  expect(await target.id()).toBe('hub');
  expect(await target.cursor('one')).toEqual({ seq: 1, chain: END });
  expect(await target.unknown([LEAF])).toEqual([]);
  const pulled = await target.pull({ origin: 'two', after: 0, pushId: null, limit: 10 });
  expect(pulled).toMatchObject({ position: 1, pushId: 'push', changes: [{ id: 'r' }] });
  const next = { seq: 2, leaf: 'cd'.repeat(32), change: null };
  await target.push({ origin: 'one', after: { seq: 1, chain: END }, entries: [next] });
  await target.close();
}

it('do not trouble a hub that was created before there were any', async () => {
  const file = path.join(folder, 'version-1.db');
  const durable = await openDatabase(fileStorage(file));
  durable.database.exec(VERSION_1);
  durable.close();
  await expectTakenOver((await openFileTarget(file)) as TenantTarget);

  const url = await cluster.newSchema('hub');
  const client = await connect(url);
  await client.query(VERSION_1);
  const [first, second] = [postgresTarget(url), postgresTarget(url)];
  // Two servers that are started at once.
  expect(await Promise.all([first.id(), second.id()])).toEqual(['hub', 'hub']);
  await second.close();
  await expectTakenOver(first);
  const target = postgresTarget(url);
  const { changes } = await target
    .forTenant('acme')
    .pull({ origin: 'two', after: 0, pushId: null, limit: 10 });
  expect(changes).toEqual([]);
  await target.close();

  const newer = await cluster.newSchema('hub');
  const other = postgresTarget(newer);
  await other.id();
  await cluster.query(`UPDATE ${schemaIn(newer)}.ggen_schema SET version = version + 1`);
  const opened = postgresTarget(newer);
  await expect(opened.id()).rejects.toMatchObject({ code: 'SYNC_INVALID' });
  for (const each of [other, opened]) await each.close();
});

function schemaIn(url: string): string {
  return /case_\d+/.exec(decodeURIComponent(url))?.[0] ?? '';
}

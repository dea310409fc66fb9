/** Rows that are encrypted before they leave: what machines come to, what a hub sees, and which keys are refused. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  cosignerOf,
  generateCosignerKeys,
  openPersistence,
  parseCheckpoint,
  type Persistence,
} from '@ggen-sim/core';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  backgroundSync,
  checkTarget,
  openTarget,
  setTarget,
  SyncError,
  Synchroniser,
  syncStatus,
  type OpenTargetOptions,
  type SyncTarget,
} from '../src/index.ts';
import { describeSyncTarget } from '../src/testing/index.ts';
import { UNTIL } from './machines.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = (): string => path.join(folder, `${files++}.db`);
const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);
const TOKEN = 't'.repeat(40);

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describeSyncTarget(
  'file, encrypted',
  async () => {
    const file = newFile();
    return { open: () => openTarget(file, { key: KEY }), end: async () => undefined };
  },
  { describe, it, expect },
);

async function open(): Promise<Persistence> {
  const database = await openPersistence({ storage: 'memory' });
  onTestFinished(() => database.close());
  return database;
}

async function target(location: string, options: OpenTargetOptions = {}): Promise<SyncTarget> {
  const opened = await openTarget(location, { token: TOKEN, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

async function save(database: Persistence, executionId: string): Promise<string> {
  const receipt = { text: 'SECRET-receipt' };
  const saved = await database.saveReceipt({ executionId, agentId: 'SECRET-agent', agentType: 't', receipt });
  return saved.receiptId;
}

/** Everything that others can see of a database. */
async function rowsIn(database: Persistence): Promise<unknown> {
  const [receipts, memory, audit] = await Promise.all([
    database.queryReceipts(),
    database.queryMemory(),
    database.queryAuditTrail({ since: '0001-01-01' }),
  ]);
  return [receipts, memory, audit].map((rows) => rows.map((row) => JSON.stringify(row)).toSorted());
}

/** Locations of a hub, with what can be read in it. */
const PLACES: readonly (readonly [string, () => Promise<readonly [string, () => Promise<string>]>])[] = [
  [
    'a file',
    async () => {
      const file = newFile();
      return [file, async () => readFileSync(file, 'latin1')];
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const url = await cluster.newSchema();
      const schema = /case_\d+/.exec(decodeURIComponent(url))?.[0] ?? '';
      return [url, async () => JSON.stringify(await cluster.query(`SELECT * FROM ${schema}.ggen_changes`))];
    },
  ],
  [
    'a hub',
    async () => {
      const file = newFile();
      const server = await serveHub(file, { token: TOKEN });
      onTestFinished(server.stop);
      return [server.url, async () => readFileSync(file, 'latin1')];
    },
  ],
];

describe.each(PLACES)('over %s', (_, place) => {
  it('machines with the key come to equal rows, and the hub reads nothing', async () => {
    const [location, readHub] = await place();
    const databases = [await open(), await open(), await open()];
    const [one, two] = databases as [Persistence, Persistence];
    const synchronise = async (): Promise<void> => {
      for (const database of [...databases, ...databases])
        await new Synchroniser(database, await target(location, { key: KEY })).synchronise();
    };
    const deleted = await save(one, 'deleted');
    const redacted = await save(one, 'redacted');
    await save(two, 'kept');
    for (const database of [one, two])
      await database.saveMemory({
        agentId: 'agent',
        agentType: 't',
        memory: { text: 'SECRET-memory', at: database === one },
      });
    await synchronise();
    await one.deleteRecord({ receiptId: deleted, reason: 'SECRET-reason' });
    await two.redactRecord({ receiptId: redacted, reason: 'SECRET-reason' });
    await synchronise();
    const rows = await rowsIn(one);
    for (const database of databases) expect(await rowsIn(database)).toEqual(rows);
    expect(JSON.stringify(rows)).toContain('SECRET-memory');
    expect(await one.queryReceipts()).toHaveLength(2);
    expect(await one.queryAuditTrail({ operation: 'memory_conflict', since: '0001-01-01' })).toHaveLength(1);
    for (const database of databases) expect(await database.verify()).toMatchObject({ ok: true });
    const stored = await readHub();
    expect(stored).toContain('sealed');
    expect(stored).not.toContain('SECRET');
  });

  it('another key, none, or one too many is refused before anything is sent or stored', async () => {
    const [location] = await place();
    const one = await open();
    await save(one, 'one');
    const same = await target(location, { key: KEY });
    await setTarget(one, location, same.keyId);
    await new Synchroniser(one, same).synchronise();
    for (const [options, code] of [
      [{ key: OTHER_KEY }, 'SYNC_WRONG_KEY'],
      [{}, 'SYNC_KEY_REQUIRED'],
    ] as const) {
      const stranger = await open();
      await save(stranger, 'of a stranger');
      await setTarget(stranger, location);
      const rows = await rowsIn(stranger);
      const given = await target(location, options);
      await expect(checkTarget(stranger, given)).rejects.toMatchObject({ code });
      for (const call of ['push', 'pull', 'synchronise'] as const)
        await expect(new Synchroniser(stranger, given)[call]()).rejects.toMatchObject({ code });
      expect(await rowsIn(stranger)).toEqual(rows);
      const { origin, lastError, advice } = await syncStatus(stranger);
      expect(await given.cursor(origin)).toMatchObject({ seq: 0 });
      expect(lastError).toMatchObject({ code });
      expect(advice).toContain('GGEN_SIM_SYNC_KEY');
      // What had the key sends nothing without it, or with another one.
      await expect(new Synchroniser(one, given).push()).rejects.toMatchObject({ code });
      // The database itself knows its key.
      await expect(checkTarget(one, given, location)).rejects.toThrow('his database');
    }
    await save(one, 'two');
    for (const database of [one, await open()]) await checkTarget(database, same, location);
    expect((await syncStatus(one)).keyId).toBe(same.keyId);
    expect(await new Synchroniser(one, same).push()).toMatchObject({ changes: 1 });

    const [plain] = await place();
    const without = await open();
    await save(without, 'plain');
    await setTarget(without, plain);
    await new Synchroniser(without, await target(plain)).push();
    const given = await target(plain, { key: KEY });
    const late = await open();
    await save(late, 'late');
    await expect(checkTarget(late, given)).rejects.toMatchObject({ code: 'SYNC_WRONG_KEY' });
    await expect(checkTarget(without, given, plain)).rejects.toThrow('without a key');
    for (const database of [late, without])
      await expect(new Synchroniser(database, given).push()).rejects.toMatchObject({
        code: 'SYNC_WRONG_KEY',
      });
    expect(await given.cursor((await syncStatus(late)).origin)).toMatchObject({ seq: 0 });
  });

  it.each([
    ['a key', { key: KEY }, {}, 'SYNC_KEY_REQUIRED'],
    ['no key', {}, { key: KEY }, 'SYNC_WRONG_KEY'],
    ['another key', { key: OTHER_KEY }, { key: KEY }, 'SYNC_WRONG_KEY'],
  ])(
    'a database that used %s cannot go on otherwise over the same target',
    async (__, before, after, code) => {
      const [location] = await place();
      const one = await open();
      const first = await target(location, before);
      await setTarget(one, location, first.keyId);
      const receiptId = await save(one, 'one');
      await new Synchroniser(one, first).push();
      // The target has no row any more, only the reason of a removal.
      for (const isRemoved of [false, true]) {
        if (isRemoved) {
          await one.deleteRecord({ receiptId, reason: 'SECRET-reason' });
          await new Synchroniser(one, first).push();
        }
        const { origin } = await syncStatus(one);
        const { seq } = await first.cursor(origin);
        const other = await target(location, after);
        await setTarget(one, location, other.keyId);
        await save(one, `other ${isRemoved}`);
        // With a token for pushes alone, the target itself refuses.
        const unread: SyncTarget = {
          ...other,
          push: (batch) => other.push(batch),
          id: () => other.id(),
          cursor: (id) => other.cursor(id),
          unknown: (leaves) => other.unknown(leaves),
          pull: () => Promise.reject(new SyncError('SYNC_UNAUTHORIZED', 'for pushes alone')),
        };
        for (const given of [other, unread])
          await expect(new Synchroniser(one, given).push()).rejects.toMatchObject({ code });
        expect(await first.cursor(origin)).toMatchObject({ seq });
        await setTarget(one, location, first.keyId);
        await new Synchroniser(one, first).push();
      }
      const two = await open();
      await new Synchroniser(two, await target(location, before)).synchronise();
      expect(await two.queryReceipts()).toHaveLength(2);
    },
  );
});

it('does not take a row that was changed, or put in the place of another one', async () => {
  const file = newFile();
  const one = await open();
  for (const name of ['one', 'two']) await save(one, name);
  await new Synchroniser(one, await target(file, { key: KEY })).push();
  for (const sql of [
    `UPDATE ggen_changes SET content = (SELECT content FROM ggen_changes WHERE position = 2) WHERE position = 1`,
    `UPDATE ggen_changes SET content = replace(content, substr(content, -9, 3), 'AAA') WHERE position = 1`,
    `UPDATE ggen_changes SET content = '{"sealed":"%","salt":"%","key":"' || substr(content, 9, 16) || '"}'`,
  ]) {
    const durable = await openDatabase(fileStorage(file));
    durable.database.exec(sql);
    durable.close();
    const two = await open();
    const synchroniser = new Synchroniser(two, await target(file, { key: KEY }));
    await expect(synchroniser.pull()).rejects.toMatchObject({ code: 'SYNC_INVALID' });
    expect(await two.queryReceipts()).toEqual([]);
  }
});

it('does not take what the hub has made up', async () => {
  const forged = (columns: string): string[] => [
    `INSERT INTO ggen_changes SELECT tenant, 2, '${'a'.repeat(64)}', 'another', 1, ${columns} FROM ggen_changes`,
    `INSERT INTO ggen_pushes VALUES ('default', 2, 'made up')`,
    `UPDATE ggen_hub SET position = 2`,
  ];
  for (const [code, sql] of [
    ['SYNC_WRONG_KEY', forged(`'deleted', table_name, record_id, leaf, NULL, NULL, json_array(leaf), NULL`)],
    [
      'SYNC_WRONG_KEY',
      forged(`'redacted', table_name, record_id, leaf, NULL, NULL, json_array(leaf), 'why'`),
    ],
    [
      'SYNC_INVALID',
      forged(
        `'deleted', table_name, record_id, leaf, NULL, NULL, json_array(leaf), replace(content, '"', '\\"')`,
      ),
    ],
    ['SYNC_INVALID', forged(`'deleted', table_name, record_id, leaf, NULL, NULL, json_array(leaf), '"'`)],
    ['SYNC_WRONG_KEY', forged(`kind, table_name, record_id, leaf, parent, 'null', leaves, reason`)],
    ['SYNC_WRONG_KEY', forged(`kind, table_name, record_id, leaf, parent, '', leaves, reason`)],
    ['SYNC_INVALID', forged(`kind, table_name, record_id, leaf, leaf, content, leaves, reason`)],
    [
      'SYNC_WRONG_KEY',
      forged(
        `kind, table_name, record_id, leaf, parent, json_set(content, '$.key', char(27)), leaves, reason`,
      ),
    ],
  ] as const) {
    const file = newFile();
    const [one, two] = [await open(), await open()];
    await save(one, 'one');
    await new Synchroniser(one, await target(file, { key: KEY })).push();
    await new Synchroniser(two, await target(file, { key: KEY })).pull();
    const rows = await rowsIn(two);
    const durable = await openDatabase(fileStorage(file));
    for (const statement of sql) durable.database.exec(statement);
    durable.close();
    const synchroniser = new Synchroniser(two, await target(file, { key: KEY }));
    await expect(synchroniser.pull(), sql[0]).rejects.toMatchObject({ code });
    expect((await syncStatus(two)).lastError?.message).not.toContain('\u001B');
    expect(await rowsIn(two)).toEqual(rows);
  }
});

it('has checkpoints cosigned, works with a token for pushes alone, and in the background', async () => {
  const cosigner = await cosignerOf((await generateCosignerKeys('hub.example')).signerKey);
  const server = await serveHub(await openTarget(newFile(), { cosigner }), {
    scopedTokens: [
      { token: TOKEN, scopes: ['push'] },
      { token: 'b'.repeat(40), scopes: ['push', 'pull'] },
    ],
  });
  onTestFinished(server.stop);
  const one = await open();
  await save(one, 'one');
  const synchroniser = new Synchroniser(one, await target(server.url, { key: KEY }));
  const note = await synchroniser.cosign((await one.checkpoint()).text);
  expect(parseCheckpoint(note).size).toBe(1);
  const sync = backgroundSync(server.url, { token: 'b'.repeat(40), key: KEY });
  await using two = await openPersistence({ storage: 'memory', sync });
  await vi.waitFor(async () => expect(await two.queryReceipts()).toHaveLength(1), UNTIL);
});

it('sends nothing without the key that it was set up with, and takes no other thing for a key', async () => {
  const file = newFile();
  const one = await open();
  await save(one, 'one');
  const { keyId } = await target(file, { key: KEY });
  await setTarget(one, file, keyId);
  await expect(new Synchroniser(one, await target(file)).push()).rejects.toMatchObject({
    code: 'SYNC_KEY_REQUIRED',
  });
  expect(await new Synchroniser(one, await target(file, { key: KEY })).push()).toMatchObject({ changes: 1 });
  for (const key of [new Uint8Array(16), new Uint8Array(), 'x'.repeat(32) as never])
    await expect(openTarget(file, { key })).rejects.toMatchObject({ code: 'SYNC_WRONG_KEY' });
});

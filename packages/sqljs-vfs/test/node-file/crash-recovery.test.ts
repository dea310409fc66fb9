/** Hot journals, left and rolled back by native SQLite and by this package. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { column } from '../../src/testing/database-queries.ts';
import { observedStorage } from '../../src/testing/index.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { killNativeSqlite, nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const FILL = `
  CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
  INSERT INTO t SELECT i, 'word ' || i FROM n;`;

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

// Each kills a process that is changing every row.

async function killNative(databasePath: string): Promise<void> {
  killNativeSqlite(databasePath, "PRAGMA cache_size=5; BEGIN; UPDATE t SET word = 'half way';");
}

async function killOurs(databasePath: string): Promise<void> {
  const { signal } = await children.run('killed-in-commit', [databasePath, '7']);
  expect(signal).toBe('SIGKILL');
}

// Each recovery returns the number of unchanged rows and the integrity check.
const UNCHANGED = "SELECT count(*) FROM t WHERE word = 'word ' || id";

async function recoverNatively(databasePath: string): Promise<string[]> {
  return nativeSqlite(databasePath, UNCHANGED, 'PRAGMA integrity_check').split('\n');
}

async function recoverOurselves(databasePath: string): Promise<string[]> {
  const opened = await openDatabase(fileStorage(databasePath));
  const answers = [UNCHANGED, 'PRAGMA integrity_check'].flatMap((query) => column(opened.database, query));
  opened.close();
  return answers.map(String);
}

for (const [killed, kill] of [
  ['native sqlite3', killNative],
  ['our process', killOurs],
] as const) {
  for (const [recoverer, recover] of [
    ['native sqlite3', recoverNatively],
    ['our code', recoverOurselves],
  ] as const) {
    it(`a hot journal of ${killed} is rolled back by ${recoverer}`, async () => {
      const databasePath = path.join(temporaryFolder(), 'data.db');
      nativeSqlite(databasePath, FILL);
      const before = fs.readFileSync(databasePath);
      await kill(databasePath);
      expect(fs.statSync(`${databasePath}-journal`).size).toBeGreaterThan(512);
      expect(
        fs.readFileSync(databasePath).equals(before),
        'the database file has changes of the killed transaction',
      ).toBe(false);
      expect(await recover(databasePath)).toEqual(['5000', 'ok']);
      expect(fs.readFileSync(databasePath).equals(before)).toBe(true);
      expect(fs.readdirSync(path.dirname(databasePath))).toEqual(['data.db']);
    });
  }
}

/** Writes random bytes, like those of an encrypted database, over the first page. */
function tearFirstPage(databasePath: string): void {
  const noise = crypto.getRandomValues(new Uint8Array(4096));
  const file = fs.openSync(databasePath, 'r+');
  fs.writeSync(file, noise, 0, noise.length, 0);
  fs.closeSync(file);
}

it('a first page of random bytes is rolled back', async () => {
  const databasePath = path.join(temporaryFolder(), 'data.db');
  nativeSqlite(databasePath, FILL);
  const before = fs.readFileSync(databasePath);
  await killNative(databasePath);
  tearFirstPage(databasePath);
  expect(await recoverOurselves(databasePath)).toEqual(['5000', 'ok']);
  expect(fs.readFileSync(databasePath).equals(before)).toBe(true);
});

it('a first page of random bytes is rolled back from a later part of the journal', async () => {
  const [databasePath, left] = ['data.db', 'left.db'].map((name) => path.join(temporaryFolder(), name)) as [
    string,
    string,
  ];
  nativeSqlite(databasePath, FILL);
  const before = fs.readFileSync(databasePath);
  const storage = observedStorage(fileStorage(databasePath), ({ verb, role }) => {
    if (verb !== 'sync' || role !== 'main') return;
    for (const suffix of ['', '-journal']) fs.copyFileSync(databasePath + suffix, left + suffix);
  });
  const opened = await openDatabase(storage);
  // Rows keep their length, so that page 1 changes at the end alone, after pages that did not fit into the cache.
  opened.database.exec("PRAGMA cache_size = 5; UPDATE t SET word = replace(word, 'word', 'half')");
  opened.close();
  const journal = fs.readFileSync(`${left}-journal`);
  expect(journal.indexOf(journal.subarray(0, 8), 8)).toBeGreaterThan(0);
  tearFirstPage(left);
  expect(await recoverOurselves(left)).toEqual(['5000', 'ok']);
  expect(fs.readFileSync(left).equals(before)).toBe(true);
});

it('without its journal the same crash is not undone (negative control)', async () => {
  const databasePath = path.join(temporaryFolder(), 'data.db');
  nativeSqlite(databasePath, FILL);
  await killOurs(databasePath);
  fs.rmSync(`${databasePath}-journal`);
  const outcome = await recoverNatively(databasePath).catch((error: unknown) => String(error));
  expect(outcome).not.toEqual(['5000', 'ok']);
});

it.each([
  {
    recoverer: 'native sqlite3',
    recover: (file: string) => nativeSqlite(file, 'PRAGMA journal_mode=DELETE'),
  },
  { recoverer: 'our code', recover: async (file: string) => (await own(file)).close() },
])('the log of a killed exclusive owner is recovered by $recoverer', async ({ recover }) => {
  const databasePath = path.join(temporaryFolder(), 'data.db');
  const { signal } = await children.run('killed-owner', [databasePath]);
  expect(signal).toBe('SIGKILL');
  expect(fs.statSync(`${databasePath}-wal`).size).toBeGreaterThan(0);
  await expect(openDatabase(fileStorage(databasePath))).rejects.toMatchObject({ code: 'WAL_MODE' });
  await recover(databasePath);
  const opened = await openDatabase(fileStorage(databasePath));
  expect(column(opened.database, 'SELECT x FROM t')).toEqual(['committed']);
  opened.close();
  expect(fs.readdirSync(path.dirname(databasePath))).toEqual(['data.db']);
});

function own(databasePath: string): Promise<DurableDatabase> {
  return openDatabase(fileStorage(databasePath), { exclusive: true });
}

/** Databases that other programs keep, opened with `readOnly`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openPersistence, type Change, type OpenOptions, type Persistence } from '../../src/index.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

async function openReadOnly(file: string): Promise<Persistence> {
  const db = await openPersistence({ storage: 'file', path: file, readOnly: true });
  onTestFinished(() => db.close());
  return db;
}

/** A database of this program that another program has put in WAL mode. */
async function loggedDatabase(): Promise<string> {
  const file = path.join(temporaryFolder(), 'ggen.db');
  const db = await openPersistence({ storage: 'file', path: file });
  await db.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: '{"n":1}' });
  await db.saveMemory({ agentId: 'a', agentType: 't', memory: '{}' });
  await db.close();
  nativeSqlite(file, 'PRAGMA journal_mode=WAL');
  return file;
}

const insert = (id: number): string =>
  `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
   VALUES ('r${id}', 'e${id}', 'a', 't', '{}', 'success')`;

it('every reading method works on a database in WAL mode, and every writing one is READ_ONLY', async () => {
  const file = await loggedDatabase();
  const before = fs.readFileSync(file);
  const db = await openReadOnly(file);
  const info = await db.info();
  expect(info).toMatchObject({ readOnly: true, journalMode: 'wal', tableProblems: [], otherTables: [] });
  expect(await db.stats()).toMatchObject({ receiptsTotal: 1, agentsTracked: 1 });
  expect(await db.countReceipts({ agent: 'a' })).toBe(1);
  expect(await db.getMemory('a')).toBe('{}');
  expect(await db.verify()).toMatchObject({ ok: true, receiptsVerified: 1 });
  expect((await db.timeSeries()).series.length).toBeGreaterThan(0);
  expect((await db.querySql({ sql: 'SELECT count(*) FROM receipts' })).rows).toEqual([[1]]);
  const image = await db.exportImage();
  const copy = path.join(temporaryFolder(), 'copy.db');
  fs.writeFileSync(copy, image);
  expect(nativeSqlite(copy, 'PRAGMA integrity_check', 'SELECT count(*) FROM receipts')).toBe('ok\n1');
  const refused = { code: 'READ_ONLY', hint: 'Write with the program that keeps it.' };
  const receipt = { executionId: 'x', agentId: 'x', agentType: 'x', receipt: '{}' };
  await expect(db.saveReceipt(receipt)).rejects.toMatchObject(refused);
  await expect(db.reset()).rejects.toMatchObject(refused);
  await expect(db.importImage(image)).rejects.toMatchObject(refused);
  await expect(db.cleanup({ days: 1, vacuum: true })).rejects.toMatchObject(refused);
  await expect(db.enableHistory()).rejects.toMatchObject(refused);
  await db.close();
  expect(fs.readFileSync(file).equals(before)).toBe(true);
  expect(fs.readdirSync(path.dirname(file))).toEqual(['ggen.db']);
});

it('subscribers learn of commits of another process, in the log and after it was moved into the file', async () => {
  const file = await loggedDatabase();
  const db = await openReadOnly(file);
  const writer = spawn('sqlite3', ['-batch', file]);
  onTestFinished(() => void writer.kill('SIGKILL'));
  const changes: Change[] = [];
  onTestFinished(db.subscribe((change) => void changes.push(change)));
  for (const [count, statement] of [
    [2, insert(1)],
    [3, `${insert(2)}; PRAGMA wal_checkpoint(TRUNCATE)`],
    [4, insert(3)],
  ] as const) {
    changes.length = 0;
    writer.stdin.write(`${statement};\n`);
    await expect.poll(() => changes.length, { timeout: 30_000 }).toBeGreaterThan(0);
    await expect.poll(async () => (await db.stats()).receiptsTotal, { timeout: 30_000 }).toBe(count);
  }
  const ended = once(writer, 'exit');
  writer.stdin.end();
  await ended;
});

it('a database of another program can be queried, and tells which tables it lacks', async () => {
  const file = path.join(temporaryFolder(), 'other.db');
  nativeSqlite(
    file,
    'CREATE TABLE notes(text)',
    "INSERT INTO notes VALUES ('kept')",
    'CREATE TABLE receipts(id, total)',
    'CREATE VIEW audit_log AS SELECT 1 AS id',
  );
  const before = fs.readFileSync(file);
  const db = await openReadOnly(file);
  expect(await db.info()).toMatchObject({
    readOnly: true,
    otherTables: ['notes'],
    tableProblems: [
      { table: 'receipts', reason: expect.stringContaining('the table receipts has no column') },
      { table: 'agent_memory', reason: 'the table agent_memory is missing' },
      { table: 'audit_log', reason: expect.stringContaining('the table audit_log has no column') },
    ],
  });
  expect((await db.querySql({ sql: 'SELECT text FROM notes' })).rows).toEqual([['kept']]);
  await expect(db.stats()).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  await expect(db.queryMemory()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
  });
  await db.close();
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});

it('a table without the indexes that queries name is told as a problem', async () => {
  const file = await loggedDatabase();
  nativeSqlite(file, 'DROP INDEX idx_receipts_status');
  expect((await (await openReadOnly(file)).info()).tableProblems).toEqual([
    { table: 'receipts', reason: 'the table receipts has no index idx_receipts_status' },
  ]);
});

it('readOnly contradicts sole use and a key, and is of files alone', async () => {
  const file = await loggedDatabase();
  const base = { storage: 'file', path: file, readOnly: true } as const;
  for (const options of [
    { ...base, exclusive: true },
    { ...base, singleProcess: true },
    { ...base, key: new Uint8Array(32) },
    { ...base, readOnly: 'yes' },
    { storage: 'memory', readOnly: true },
  ]) {
    await expect(openPersistence(options as OpenOptions)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  await expect(openPersistence({ ...base, path: `${file}.missing` })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

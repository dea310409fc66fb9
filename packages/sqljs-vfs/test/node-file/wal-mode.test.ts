/** Files in WAL mode, and logs, that turn up beside an open database or beside one in rollback mode. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type VfsError, openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { column } from '../../src/testing/database-queries.ts';
import { rejectionOf, thrownBy } from '../../src/testing/storage-case.ts';
import { killNativeSqlite, nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

/** A path that a shell has to quote. */
const quotedPath = (): string => path.join(temporaryFolder(), 'it\'s "data".db');

const runHint = ({ hint = '' }: VfsError): void =>
  void execFileSync('sh', ['-c', hint.slice(hint.indexOf('sqlite3 ')).replace(/\.$/, '')]);

it('a database that another program switches to WAL mode is WAL_MODE, and works again after the hint', async () => {
  const file = quotedPath();
  const opened = await openDatabase(fileStorage(file));
  opened.database.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  for (const leave of [nativeSqlite, killNativeSqlite]) {
    leave(file, 'PRAGMA journal_mode=WAL', 'INSERT INTO t VALUES (2)');
    const failure = thrownBy(() => opened.database.exec('SELECT x FROM t'));
    expect(failure).toMatchObject({ name: 'VfsError', code: 'WAL_MODE' });
    expect(thrownBy(() => opened.database.exec('INSERT INTO t VALUES (3)'))).toMatchObject({
      code: 'WAL_MODE',
    });
    runHint(failure as VfsError);
    opened.database.exec('DELETE FROM t WHERE x = 1; INSERT INTO t VALUES (1)');
  }
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([2, 2, 1]);
  // A file that cannot be attached has nothing to do with it.
  expect(thrownBy(() => opened.database.exec("ATTACH '/no/such/folder/x.db' AS x"))).toMatchObject({
    name: 'SqliteError',
    resultCode: 14,
  });
  opened.close();
  expect(nativeSqlite(file, 'PRAGMA integrity_check')).toBe('ok');
});

/** A database in rollback mode, and the log of its later self. */
function databaseAndLog(): { file: string; log: Buffer } {
  const file = quotedPath();
  nativeSqlite(file, 'CREATE TABLE t(x)', 'INSERT INTO t VALUES (1)');
  const before = fs.readFileSync(file);
  killNativeSqlite(file, 'PRAGMA journal_mode=WAL', 'INSERT INTO t VALUES (2)');
  const log = fs.readFileSync(`${file}-wal`);
  fs.rmSync(`${file}-wal`);
  fs.rmSync(`${file}-shm`, { force: true });
  fs.writeFileSync(file, before);
  return { file, log };
}

it.each([
  ['a log of this database', (log: Buffer) => log],
  ['a log that ends in the middle of a frame', (log: Buffer) => log.subarray(0, log.length - 100)],
  ['something else', () => Buffer.from('not a log')],
])('a database in rollback mode opens with %s beside it, as native SQLite opens it', async (_, content) => {
  const { file, log } = databaseAndLog();
  const copy = `${file}.copy`;
  for (const database of [file, copy]) {
    if (database === copy) fs.copyFileSync(file, copy);
    fs.writeFileSync(`${database}-wal`, content(log));
  }
  const opened = await openDatabase(fileStorage(file));
  const rows = column(opened.database, 'SELECT x FROM t').join('\n');
  opened.database.exec('INSERT INTO t VALUES (3)');
  opened.close();
  expect(rows).toBe(nativeSqlite(copy, 'SELECT x FROM t'));
  expect(nativeSqlite(file, 'PRAGMA integrity_check', 'PRAGMA journal_mode')).toBe('ok\ndelete');
  expect(fs.existsSync(`${file}-wal`)).toBe(false);
});

it('a log that turns up beside an open database is WAL_MODE, and is taken over when it is opened again', async () => {
  const { file, log } = databaseAndLog();
  const opened = await openDatabase(fileStorage(file));
  fs.writeFileSync(`${file}-wal`, log);
  const failure = thrownBy(() => opened.database.exec('INSERT INTO t VALUES (3)'));
  expect(failure).toMatchObject({ code: 'WAL_MODE' });
  opened.close();
  const again = await openDatabase(fileStorage(file));
  expect(column(again.database, 'SELECT x FROM t')).toEqual([1, 2]);
  again.close();
});

it('a log that native SQLite uses now is left to it', async () => {
  const { file, log } = databaseAndLog();
  fs.writeFileSync(`${file}-wal`, log);
  const native = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  native.stdin.write('SELECT count(*) FROM t;\n');
  await once(native.stdout, 'data');
  const before = fs.readFileSync(file);
  expect(await rejectionOf(openDatabase(fileStorage(file), { busyDeadlineMs: 0 }))).toMatchObject({
    resultCode: 5,
  });
  expect(fs.readFileSync(file).equals(before)).toBe(true);
  expect(fs.readFileSync(`${file}-wal`).equals(log)).toBe(true);
  native.stdin.end();
  await once(native, 'exit');
});

/** Databases in WAL mode that native SQLite keeps: they are read as native readers read them, and nothing of theirs changes. */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { readOnlyFileStorage } from '../../src/storages/node-file/read-only-file.node.ts';
import { column } from '../../src/testing/database-queries.ts';
import { rejectionOf, thrownBy } from '../../src/testing/storage-case.ts';
import { killNativeSqlite, nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const newPath = (): string => path.join(temporaryFolder(), 'other.db');

async function open(file: string): Promise<DurableDatabase> {
  const opened = await openDatabase(readOnlyFileStorage(file));
  onTestFinished(() => opened.close());
  return opened;
}

/** Native SQLite as a process that has the database open, and answers one statement after the other. */
class NativeProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  #output = '';
  #statements = 0;

  constructor(file: string) {
    this.#child = spawn('sqlite3', ['-batch', file]);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** Runs statements. @returns what they print */
  async run(sql: string): Promise<string> {
    const end = `end ${++this.#statements}`;
    this.#output = '';
    this.#child.stdin.write(`${sql};\n.print ${end}\n`);
    while (!this.#output.includes(end)) await once(this.#child.stdout, 'data');
    return this.#output.replace(end, '').trim();
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}

const filesOf = (file: string): Record<string, Buffer> =>
  Object.fromEntries(
    fs
      .readdirSync(path.dirname(file))
      .map((name) => [name, fs.readFileSync(path.join(path.dirname(file), name))]),
  );

const modified = (file: string): bigint => fs.statSync(file, { bigint: true }).mtimeNs;

it('shows what another process commits, in the log or moved into the file, and changes none of its files', async () => {
  const file = newPath();
  const writer = new NativeProcess(file);
  await writer.run('PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  fs.chmodSync(file, 0o644);
  const opened = await open(file);
  expect(opened.readOnly).toBe(true);
  const shown = (): unknown[] => column(opened.database, 'SELECT x FROM t ORDER BY x');
  expect(shown()).toEqual([1]);
  let version = opened.changeCounter();
  for (const [statement, expected] of [
    ['INSERT INTO t VALUES (2)', [1, 2]],
    ['PRAGMA wal_checkpoint(PASSIVE)', [1, 2]],
    ['INSERT INTO t VALUES (3)', [1, 2, 3]],
    ['PRAGMA wal_checkpoint(TRUNCATE)', [1, 2, 3]],
    ['DELETE FROM t WHERE x = 1', [2, 3]],
    ['PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES (4)', [2, 3, 4]],
    ['BEGIN; INSERT INTO t VALUES (5); SAVEPOINT s; INSERT INTO t VALUES (6)', [2, 3, 4]],
    ['ROLLBACK TO s; COMMIT', [2, 3, 4, 5]],
    ['DELETE FROM t; VACUUM', []],
    ['INSERT INTO t VALUES (7)', [7]],
  ] as const) {
    await writer.run(statement);
    const before = filesOf(file);
    const changedAt = modified(file);
    const next = opened.changeCounter();
    if (!statement.startsWith('BEGIN') && !statement.startsWith('PRAGMA wal_checkpoint(P'))
      expect(next, statement).toBeGreaterThan(version);
    version = next;
    expect(shown(), statement).toEqual(expected);
    expect(column(opened.database, 'PRAGMA integrity_check')).toEqual(['ok']);
    expect(filesOf(file)).toEqual(before);
    expect(modified(file)).toBe(changedAt);
  }
  expect(fs.statSync(file).mode & 0o777).toBe(0o644);
  expect(thrownBy(() => opened.database.exec('INSERT INTO t VALUES (8)'))).toMatchObject({ resultCode: 8 });
  expect(thrownBy(() => opened.database.exec('PRAGMA user_version = 8'))).toMatchObject({ resultCode: 8 });
  await writer.end();
  expect(fs.existsSync(`${file}-wal`)).toBe(false);
  expect(shown()).toEqual([7]);
});

it('a transaction goes on seeing one state, and meanwhile others commit; a checkpoint waits for its end', async () => {
  const file = newPath();
  const writer = new NativeProcess(file);
  await writer.run('PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  await writer.run('PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (2)');
  const opened = await open(file);
  opened.database.exec('BEGIN');
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([1, 2]);
  await writer.run('UPDATE t SET x = x + 10');
  // Columns: blocked, pages in the log, pages moved into the file.
  expect(await writer.run('PRAGMA wal_checkpoint(PASSIVE)')).toBe('0|2|0');
  expect(await writer.run('PRAGMA wal_checkpoint(TRUNCATE)')).toMatch(/^1\|/);
  await writer.run('INSERT INTO t VALUES (3)');
  opened.database.exec('PRAGMA shrink_memory');
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([1, 2]);
  opened.database.exec('COMMIT');
  expect(await writer.run('PRAGMA wal_checkpoint(TRUNCATE)')).toMatch(/^0\|/);
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([11, 12, 3]);
});

it('shows the log that a killed process has left, up to its last whole commit, and leaves it there', async () => {
  const file = newPath();
  nativeSqlite(file, 'PRAGMA page_size=1024', 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x)');
  killNativeSqlite(
    file,
    'INSERT INTO t VALUES (1)',
    'BEGIN; INSERT INTO t VALUES (2); INSERT INTO t SELECT randomblob(900) FROM t; COMMIT',
    'PRAGMA cache_size=1; BEGIN; INSERT INTO t VALUES (zeroblob(9000)), (zeroblob(9000)), (zeroblob(9000))',
  );
  // The shared memory may be gone, as after a copy, or be that of an earlier time, as after a loss of power.
  const withMemory = filesOf(file);
  expect(Object.keys(withMemory)).toEqual(['other.db', 'other.db-shm', 'other.db-wal']);
  const damaged = Buffer.from(withMemory['other.db-shm'] ?? []);
  damaged.fill(0, 0, 96);
  for (const memory of [withMemory['other.db-shm'], damaged, undefined]) {
    if (memory) fs.writeFileSync(`${file}-shm`, memory);
    else fs.rmSync(`${file}-shm`);
    const before = filesOf(file);
    const opened = await open(file);
    expect(column(opened.database, 'SELECT count(*) FROM t')).toEqual([4]);
    opened.close();
    expect(filesOf(file)).toEqual(before);
  }
  const log = fs.readFileSync(`${file}-wal`);
  // A byte of the second commit is not what was written.
  const flipped = Buffer.from(log);
  const inSecondFrame = 32 + 24 + 1024 + 24 + 600;
  flipped.writeUInt8(flipped.readUInt8(inSecondFrame) ^ 1, inSecondFrame);
  fs.writeFileSync(`${file}-wal`, flipped);
  const beforeIt = await open(file);
  expect(column(beforeIt.database, 'SELECT count(*) FROM t')).toEqual([1]);
  beforeIt.close();
  // The second commit is torn.
  const firstCommitBytes = 32 + 24 + 1024;
  fs.writeFileSync(`${file}-wal`, log.subarray(0, firstCommitBytes + 24 + 500));
  const opened = await open(file);
  expect(column(opened.database, 'SELECT count(*) FROM t')).toEqual([1]);
  expect(nativeSqlite(file, 'SELECT count(*) FROM t')).toBe('1');
});

it('frames of an earlier time, behind those of a log that was started anew, do not count', async () => {
  const file = newPath();
  nativeSqlite(file, 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x)');
  killNativeSqlite(
    file,
    'INSERT INTO t VALUES (1)',
    'UPDATE t SET x = 2',
    'UPDATE t SET x = 3',
    'PRAGMA wal_checkpoint(RESTART)',
    'UPDATE t SET x = 4',
  );
  const opened = await open(file);
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([4]);
  expect(nativeSqlite(file, 'SELECT x FROM t')).toBe('4');
});

it('a log that is no log, or one of another time, is not read', async () => {
  const file = newPath();
  nativeSqlite(file, 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x)', 'INSERT INTO t VALUES (1)');
  for (const content of [Buffer.alloc(0), Buffer.from('no log'), Buffer.alloc(8192, 7)]) {
    fs.writeFileSync(`${file}-wal`, content);
    const opened = await open(file);
    expect(column(opened.database, 'SELECT x FROM t')).toEqual([1]);
    opened.close();
    expect(fs.readFileSync(`${file}-wal`).equals(content)).toBe(true);
  }
});

it('a program that opens the closed database while it is read makes the transaction begin again', async () => {
  const file = newPath();
  nativeSqlite(file, 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x)', 'INSERT INTO t VALUES (1)');
  const opened = await open(file);
  opened.database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
  const writer = new NativeProcess(file);
  await writer.run('UPDATE t SET x = 2; PRAGMA wal_checkpoint(TRUNCATE)');
  expect(thrownBy(() => opened.database.exec('SELECT x FROM t'))).toMatchObject({ resultCode: 5 });
  opened.database.exec('ROLLBACK');
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([2]);
});

it('a program that starts the log of a copy anew while it is read makes the transaction begin again', async () => {
  const [source, file] = [newPath(), newPath()];
  const values = (from: number): string =>
    Array.from({ length: 300 }, (_, index) => `(${from + index}, zeroblob(500))`).join();
  nativeSqlite(source, 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x, filler)', 'CREATE TABLE u(x, filler)');
  killNativeSqlite(source, `INSERT INTO t VALUES ${values(0)}`, `INSERT INTO u VALUES ${values(0)}`);
  // A copy without the shared memory: all pages are in the log.
  for (const end of ['', '-wal']) fs.copyFileSync(`${source}${end}`, `${file}${end}`);
  const opened = await open(file);
  const sumOf = (table: string): readonly unknown[] => column(opened.database, `SELECT sum(x) FROM ${table}`);
  opened.database.exec('BEGIN');
  expect(sumOf('t')).toEqual([44_850]);
  const newcomer = new NativeProcess(file);
  await newcomer.run(
    'UPDATE u SET x = x + 1; PRAGMA wal_checkpoint(RESTART); UPDATE u SET x = x + 1; VACUUM',
  );
  expect(thrownBy(() => sumOf('u'))).toMatchObject({ resultCode: 5 });
  opened.database.exec('ROLLBACK');
  expect([sumOf('t'), sumOf('u')]).toEqual([[44_850], [45_450]]);
});

it('sees a change of mode however few commits a file has had', async () => {
  for (const commits of [1, 2, 3, 4, 5, 6]) {
    const file = newPath();
    const writer = new NativeProcess(file);
    await writer.run('PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (0)');
    const opened = await open(file);
    const read = (): readonly unknown[] => column(opened.database, 'SELECT x FROM t');
    for (let commit = 1; commit <= 3; commit++) {
      await writer.run('UPDATE t SET x = x + 1');
      expect(read()).toEqual([commit]);
    }
    await writer.run('PRAGMA journal_mode=DELETE');
    for (let commit = 1; commit <= commits; commit++) await writer.run('UPDATE t SET x = x + 1');
    expect(read()).toEqual([3 + commits]);
    await writer.run('PRAGMA journal_mode=WAL; UPDATE t SET x = x + 1');
    expect(read()).toEqual([4 + commits]);
    await writer.end();
    opened.close();
  }
});

it('reads a database in rollback mode, without its mode or its journal, and follows it into WAL mode and back', async () => {
  const file = newPath();
  nativeSqlite(file, 'PRAGMA journal_mode=PERSIST', 'CREATE TABLE t(x)', 'INSERT INTO t VALUES (1)');
  fs.chmodSync(file, 0o644);
  const before = filesOf(file);
  expect(Object.keys(before)).toEqual(['other.db', 'other.db-journal']);
  const opened = await open(file);
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([1]);
  const writer = new NativeProcess(file);
  await writer.run('PRAGMA journal_mode=WAL; INSERT INTO t VALUES (2)');
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([1, 2]);
  await writer.run('PRAGMA journal_mode=DELETE; INSERT INTO t VALUES (3)');
  expect(column(opened.database, 'SELECT x FROM t')).toEqual([1, 2, 3]);
  await writer.end();
  const closed = filesOf(file);
  opened.close();
  expect(filesOf(file)).toEqual(closed);
  expect(fs.statSync(file).mode & 0o777).toBe(0o644);
});

it('refuses what is missing or no database, and waits for a sole owner', async () => {
  const folder = temporaryFolder();
  expect(thrownBy(() => readOnlyFileStorage(path.join(folder, 'missing.db')))).toMatchObject({
    code: 'NOT_FOUND',
  });
  const text = path.join(folder, 'text.db');
  fs.writeFileSync(text, 'no database '.repeat(1000));
  expect(await rejectionOf(openDatabase(readOnlyFileStorage(text)))).toMatchObject({
    code: 'NOT_A_DATABASE',
  });
  // A named pipe is refused at once: opening it for reading would wait for a writer.
  const pipe = path.join(folder, 'pipe.db');
  execFileSync('mkfifo', [pipe]);
  expect(await rejectionOf(openDatabase(readOnlyFileStorage(pipe)))).toMatchObject({
    code: 'CANNOT_OPEN',
  });
  const file = newPath();
  const owner = new NativeProcess(file);
  await owner.run('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; CREATE TABLE t(x)');
  expect(await rejectionOf(openDatabase(readOnlyFileStorage(file), { busyDeadlineMs: 0 }))).toMatchObject({
    resultCode: 5,
  });
  await owner.end();
  expect(column((await open(file)).database, 'SELECT count(*) FROM t')).toEqual([0]);
});

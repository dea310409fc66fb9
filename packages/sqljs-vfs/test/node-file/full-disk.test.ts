import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { changeDatabaseKey, type SqliteError, openDatabase } from '../../src/index.ts';
import { column } from '../../src/testing/database-queries.ts';
import { observedStorage } from '../../src/testing/index.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

/** Mounts a disk of one megabyte. Returns undefined if this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

it('a full folder of temporary files is the cause of a failed VACUUM, and of nothing later', async (context) => {
  const disk = smallDisk();
  context.skip(disk === undefined, 'mounting needs root');
  if (disk === undefined) return;
  vi.stubEnv('SQLITE_TMPDIR', disk);
  onTestFinished(() => void vi.unstubAllEnvs());
  let failsUnlock = false;
  const storage = observedStorage(fileStorage(path.join(temporaryFolder(), 'data.db')), ({ verb }) => {
    if (verb === 'unlock' && failsUnlock) throw new Error('unlock failed');
  });
  const opened = await openDatabase(storage);
  onTestFinished(() => opened.close());
  const { database } = opened;
  database.run('CREATE TABLE t(filler BLOB); INSERT INTO t VALUES (zeroblob(3000000))');
  const failureOf = (sql: string): unknown => {
    try {
      database.run(sql);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const readWithFailingUnlock = (): void => {
    failsUnlock = true;
    database.run('SELECT count(*) FROM t');
    failsUnlock = false;
  };
  readWithFailingUnlock();
  const failure = failureOf('PRAGMA cache_size = 10; VACUUM');
  expect(failure).toMatchObject({ name: 'SqliteError', resultCode: 13 });
  expect(failure).toMatchObject({ cause: { name: 'TemporaryFileError', directory: disk, code: 'ENOSPC' } });
  readWithFailingUnlock();
  database.run('PRAGMA max_page_count = 1');
  const withoutFile = failureOf('INSERT INTO t VALUES (zeroblob(3000000))') as SqliteError;
  expect(withoutFile).toMatchObject({ name: 'SqliteError', resultCode: 13 });
  expect(withoutFile.cause).toBeUndefined();
});

it('a full disk loses no acknowledged row, and the next write works once there is space', async (context) => {
  const disk = smallDisk();
  context.skip(disk === undefined, 'mounting needs root; processes.test.ts has the same test with ulimit');
  if (disk === undefined) return;
  const ballast = path.join(disk, 'ballast');
  fs.writeFileSync(ballast, new Uint8Array(500_000));
  const opened = await openDatabase(fileStorage(path.join(disk, 'data.db')));
  const { database } = opened;
  database.run('CREATE TABLE t(id INTEGER PRIMARY KEY, filler BLOB)');
  let acknowledged = 0;
  let failure: SqliteError | undefined;
  while (!failure && acknowledged < 1000) {
    try {
      database.run('INSERT INTO t(filler) VALUES (randomblob(10000))');
      acknowledged++;
    } catch (error) {
      failure = error as SqliteError;
    }
  }
  expect(failure).toMatchObject({ name: 'SqliteError', resultCode: 13, cause: { code: 'ENOSPC' } });
  expect(column(database, 'SELECT count(*) FROM t')).toEqual([acknowledged]);
  expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
  fs.rmSync(ballast);
  database.run('INSERT INTO t(filler) VALUES (randomblob(10000))');
  opened.close();
  const again = await openDatabase(fileStorage(path.join(disk, 'data.db')));
  expect(column(again.database, 'SELECT count(*) FROM t')).toEqual([acknowledged + 1]);
  again.close();
  expect(fs.readdirSync(disk)).toEqual(['data.db']);
});

it.for([
  ['the copy', 700_000],
  ['the journal', 450_000],
] as const)(
  'a disk without room for %s leaves the key, which can be changed once there is space',
  async ([, ballastBytes], context) => {
    const disk = smallDisk();
    context.skip(disk === undefined, 'mounting needs root');
    if (disk === undefined) return;
    const file = path.join(disk, 'data.db');
    const newKey = new Uint8Array(32).fill(7);
    const rowsOf = async (key?: Uint8Array): Promise<unknown> => {
      const opened = await openDatabase(fileStorage(file), key ? { key } : {});
      try {
        expect(column(opened.database, 'PRAGMA integrity_check')).toEqual(['ok']);
        return column(opened.database, 'SELECT sum(length(filler)) FROM t');
      } finally {
        opened.close();
      }
    };
    const opened = await openDatabase(fileStorage(file));
    opened.database.run('CREATE TABLE t(filler BLOB)');
    for (let row = 0; row < 20; row++) opened.database.run('INSERT INTO t VALUES (randomblob(10000))');
    opened.close();
    const before = fs.readFileSync(file);
    const ballast = path.join(disk, 'ballast');
    fs.writeFileSync(ballast, new Uint8Array(ballastBytes));
    await expect(changeDatabaseKey(fileStorage(file), { newKey })).rejects.toMatchObject({
      name: 'SqliteError',
      resultCode: 13,
      cause: { code: 'ENOSPC' },
    });
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(await rowsOf()).toEqual([200_000]);
    fs.rmSync(ballast);
    await changeDatabaseKey(fileStorage(file), { newKey });
    expect(await rowsOf(newKey)).toEqual([200_000]);
    await expect(rowsOf()).rejects.toMatchObject({ code: 'KEY_REQUIRED' });
    expect(fs.readdirSync(disk)).toEqual(['data.db']);
  },
);

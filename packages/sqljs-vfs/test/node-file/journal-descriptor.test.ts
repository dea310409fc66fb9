/** The journal's descriptor stays open between transactions. Its directory is synced once, and again if it is replaced. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type FileSystem, fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { nodeFileSystem } from '../../src/storages/node-file/file-system.node.ts';
import { column } from '../../src/testing/database-queries.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

let directorySyncs = 0;
let fileSyncs = 0;
// Counts the real calls. Files are synced with fdatasync, only directories with fsync.
const fileSystem: FileSystem = {
  ...nodeFileSystem,
  fdatasyncSync(fd) {
    fileSyncs++;
    nodeFileSystem.fdatasyncSync(fd);
  },
  fsyncSync(fd) {
    directorySyncs++;
    nodeFileSystem.fsyncSync(fd);
  },
};

function syncsOf(work: () => void): number {
  directorySyncs = 0;
  work();
  return directorySyncs;
}

function fileSyncsOf(work: () => void): number {
  fileSyncs = 0;
  work();
  return fileSyncs;
}

async function databaseWithOneRow(file: string): Promise<DurableDatabase> {
  const opened = await openDatabase(fileStorage(file, { fileSystem }));
  opened.database.exec('CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES (1)');
  return opened;
}

const openDescriptors = (folder: string): string[] =>
  fs
    .readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [fs.readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    })
    .filter((name) => name.startsWith(folder));

function save({ database }: DurableDatabase): void {
  database.exec('INSERT INTO t VALUES (2)');
}

it('the directory is synced with the first transaction, not with the second', async () => {
  const file = path.join(temporaryFolder(), 'data.db');
  const opened = await openDatabase(fileStorage(file, { fileSystem }));
  expect(syncsOf(() => opened.database.exec('CREATE TABLE t(x)'))).toBeGreaterThan(0);
  expect(syncsOf(() => save(opened))).toBe(0);
  opened.close();
});

it('the directory of an existing journal is synced once, as its creator may have crashed before', async () => {
  const file = path.join(temporaryFolder(), 'data.db');
  (await databaseWithOneRow(file)).close();
  fs.writeFileSync(`${file}-journal`, '');
  const opened = await openDatabase(fileStorage(file, { fileSystem }));
  expect(syncsOf(() => save(opened))).toBe(1);
  expect(syncsOf(() => save(opened))).toBe(0);
  opened.close();
});

it.each([
  ['deleted', (journal: string) => fs.rmSync(journal)],
  [
    'deleted and recreated',
    (journal: string) => {
      fs.rmSync(journal);
      fs.writeFileSync(journal, '', { mode: 0o600 });
    },
  ],
  [
    'replaced by another file',
    (journal: string) => {
      fs.writeFileSync(`${journal}.new`, '', { mode: 0o600 });
      fs.renameSync(`${journal}.new`, journal);
    },
  ],
  [
    'deleted after a commit by native SQLite',
    (journal: string) => void nativeSqlite(journal.replace('-journal', ''), 'INSERT INTO t VALUES (3)'),
  ],
])('a journal %s is reopened and its directory synced before the database changes', async (_, change) => {
  const file = path.join(temporaryFolder(), 'data.db');
  const opened = await databaseWithOneRow(file);
  change(`${file}-journal`);
  expect(syncsOf(() => save(opened))).toBe(1);
  expect(syncsOf(() => save(opened))).toBe(0);
  // The open descriptor belongs to the current name: an unfinished transaction makes that file grow.
  opened.database.exec('BEGIN; INSERT INTO t VALUES (4)');
  opened.database.exec(
    'PRAGMA cache_spill = 1; PRAGMA cache_size = 1; INSERT INTO t SELECT randomblob(3000) FROM t, t AS u, t AS v',
  );
  expect(fs.statSync(`${file}-journal`).size).toBeGreaterThan(0);
  opened.database.exec('ROLLBACK');
  expect(column(opened.database, 'SELECT count(*) FROM t WHERE x = 2')).toEqual([2]);
  opened.close();
  expect(nativeSqlite(file, 'PRAGMA integrity_check')).toBe('ok');
});

it('a journal that another connection has used is synced before it is written, and no other', async () => {
  const file = path.join(temporaryFolder(), 'data.db');
  const opened = await databaseWithOneRow(file);
  const alone = fileSyncsOf(() => save(opened));
  expect(fileSyncsOf(() => save(opened))).toBe(alone);
  const other = await openDatabase(fileStorage(file));
  for (let round = 0; round < 20; round++) {
    // Both commit within one tick of the file system's clock.
    save(opened);
    save(other);
    expect(fileSyncsOf(() => save(opened))).toBe(alone + 1);
    expect(fileSyncsOf(() => save(opened))).toBe(alone);
  }
  other.close();
  opened.close();
});

it('the journal of another user, whose times cannot be set, is synced before each transaction', async () => {
  const file = path.join(temporaryFolder(), 'data.db');
  const refusing: FileSystem = {
    ...fileSystem,
    futimesSync() {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    },
  };
  const own = await databaseWithOneRow(file);
  const alone = fileSyncsOf(() => save(own));
  own.close();
  const opened = await openDatabase(fileStorage(file, { fileSystem: refusing }));
  save(opened);
  expect(fileSyncsOf(() => save(opened))).toBe(alone + 1);
  opened.close();
});

it('a link instead of the journal is not followed', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'data.db');
  const opened = await databaseWithOneRow(file);
  fs.renameSync(`${file}-journal`, path.join(folder, 'elsewhere'));
  fs.symlinkSync('elsewhere', `${file}-journal`);
  expect(() => save(opened)).toThrow(/unable to open database file/);
  fs.rmSync(`${file}-journal`);
  save(opened);
  opened.close();
});

it('closing the database closes every descriptor', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'data.db');
  const opened = await databaseWithOneRow(file);
  expect(openDescriptors(folder)).toHaveLength(2);
  // Another connection that is writing prevents the deletion of the journal.
  const writer = await openDatabase(fileStorage(file, { fileSystem }));
  writer.database.exec('BEGIN IMMEDIATE');
  opened.close();
  expect(openDescriptors(folder)).toEqual([file]);
  writer.close();
  expect(openDescriptors(folder)).toEqual([]);
  expect(fs.readdirSync(folder)).toEqual(['data.db']);
});

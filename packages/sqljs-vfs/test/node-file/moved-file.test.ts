/** A database file that is moved, removed or replaced while it is open. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { column } from '../../src/testing/database-queries.ts';
import { rejectionOf, thrownBy } from '../../src/testing/storage-case.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const RESET = { name: 'VfsError', code: 'STORAGE_RESET' };

/** The database in a folder of its own, and a place outside of it. */
function places(): { file: string; elsewhere: string } {
  const folder = temporaryFolder();
  fs.mkdirSync(path.join(folder, 'data'));
  return { file: path.join(folder, 'data', 'data.db'), elsewhere: path.join(folder, 'elsewhere.db') };
}

async function databaseWithOneRow(file: string, exclusive = false): Promise<DurableDatabase> {
  const opened = await openDatabase(fileStorage(file), { exclusive });
  opened.database.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  return opened;
}

function makeOther(file: string): void {
  nativeSqlite(file, "CREATE TABLE other(x); INSERT INTO other VALUES ('untouched')");
}

const CHANGES: [string, (file: string, elsewhere: string) => void][] = [
  ['removed', (file) => fs.rmSync(file)],
  ['moved', (file, elsewhere) => fs.renameSync(file, elsewhere)],
  ['moved with its folder', (file, elsewhere) => fs.renameSync(path.dirname(file), elsewhere)],
  [
    'moved, with another database in its place',
    (file, elsewhere) => {
      fs.renameSync(file, elsewhere);
      makeOther(file);
    },
  ],
  [
    'replaced',
    (file, elsewhere) => {
      makeOther(elsewhere);
      fs.renameSync(elsewhere, file);
    },
  ],
  [
    'moved, with a link to it in its place',
    (file, elsewhere) => {
      fs.renameSync(file, elsewhere);
      fs.symlinkSync(elsewhere, file);
    },
  ],
];

describe.each([
  ['shared', false],
  ['exclusive', true],
])('a %s database file', (_, exclusive) => {
  it.each(CHANGES)('that is %s: every read and write is STORAGE_RESET', async (_title, change) => {
    const { file, elsewhere } = places();
    const opened = await databaseWithOneRow(file, exclusive);
    change(file, elsewhere);
    const write = (): void => void opened.database.exec('INSERT INTO t VALUES (2)');
    expect(thrownBy(write)).toMatchObject(RESET);
    expect(await rejectionOf(opened.writeTransaction(write))).toMatchObject(RESET);
    expect(
      await rejectionOf(opened.readTransaction(() => opened.database.exec('SELECT x FROM t'))),
    ).toMatchObject(RESET);
    expect(thrownBy(() => opened.database.exec('VACUUM'))).toMatchObject(RESET);
    opened.close();
    if (fs.existsSync(file) && !fs.lstatSync(file).isSymbolicLink()) {
      expect(nativeSqlite(file, 'PRAGMA integrity_check', 'SELECT x FROM other')).toBe('ok\nuntouched');
    }
    const moved = fs.existsSync(elsewhere) && fs.statSync(elsewhere).isDirectory();
    const movedFile = moved ? path.join(elsewhere, 'data.db') : elsewhere;
    if (fs.existsSync(movedFile)) expect(nativeSqlite(movedFile, 'SELECT x FROM t')).toBe('1');
  });

  it('that is moved and comes back is usable again', async () => {
    const { file, elsewhere } = places();
    const opened = await databaseWithOneRow(file, exclusive);
    fs.renameSync(file, elsewhere);
    expect(thrownBy(() => opened.database.exec('INSERT INTO t VALUES (2)'))).toMatchObject(RESET);
    fs.renameSync(elsewhere, file);
    opened.database.exec('INSERT INTO t VALUES (3)');
    expect(column(opened.database, 'SELECT x FROM t')).toEqual([1, 3]);
    opened.close();
    expect(nativeSqlite(file, 'PRAGMA integrity_check', 'SELECT x FROM t')).toBe('ok\n1\n3');
  });
});

it('a file replaced within a transaction: neither its journal nor its commit touches the other database', async () => {
  const { file, elsewhere } = places();
  const opened = await databaseWithOneRow(file);
  opened.database.exec('BEGIN IMMEDIATE');
  fs.renameSync(file, elsewhere);
  makeOther(file);
  expect(thrownBy(() => opened.database.exec('INSERT INTO t VALUES (2)'))).toMatchObject(RESET);
  opened.close();
  // The transaction has its journal already, and finds out at its commit.
  fs.renameSync(elsewhere, file);
  const second = await openDatabase(fileStorage(file));
  second.database.exec('BEGIN; INSERT INTO t VALUES (3)');
  fs.renameSync(file, elsewhere);
  makeOther(file);
  expect(thrownBy(() => second.database.exec('COMMIT'))).toMatchObject(RESET);
  second.close();
  expect(nativeSqlite(file, 'PRAGMA integrity_check', 'SELECT x FROM other')).toBe('ok\nuntouched');
  expect(nativeSqlite(elsewhere, 'PRAGMA integrity_check', 'SELECT x FROM t')).toBe('ok\n1');
});

it('closing deletes no journal of the database that took the place', async () => {
  const { file, elsewhere } = places();
  const opened = await databaseWithOneRow(file);
  fs.renameSync(file, elsewhere);
  makeOther(file);
  fs.writeFileSync(`${file}-journal`, 'of the other database');
  opened.close();
  expect(fs.readFileSync(`${file}-journal`, 'utf8')).toBe('of the other database');
});

it('an exclusive database whose log was removed refuses writes, and closing keeps what was committed', async () => {
  const { file } = places();
  const opened = await databaseWithOneRow(file, true);
  fs.rmSync(`${file}-wal`);
  expect(thrownBy(() => opened.database.exec('INSERT INTO t VALUES (2)'))).toMatchObject(RESET);
  opened.close();
  expect(nativeSqlite(file, 'PRAGMA integrity_check', 'SELECT x FROM t')).toBe('ok\n1');
});

it('the mode of a file that took the place while the database was opened stays', async () => {
  const { file, elsewhere } = places();
  makeOther(file);
  fs.chmodSync(file, 0o644);
  const opened = await openDatabase(fileStorage(file), {
    validate() {
      fs.renameSync(file, elsewhere);
      fs.writeFileSync(file, 'something else');
      fs.chmodSync(file, 0o644);
    },
  });
  expect([modeOf(file), modeOf(elsewhere)]).toEqual(['644', '600']);
  expect(thrownBy(() => opened.database.exec('SELECT x FROM other'))).toMatchObject(RESET);
  opened.close();
});

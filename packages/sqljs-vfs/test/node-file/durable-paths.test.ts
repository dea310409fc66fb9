/** Paths to links, folders, pipes and files with the wrong mode. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { createPrivateDirectory, followSymlinks } from '../../src/internal-file.node.ts';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { rejectionOf, thrownBy } from '../../src/testing/storage-case.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

async function saveOneRow(databasePath: string): Promise<DurableDatabase> {
  const opened = await openDatabase(fileStorage(databasePath));
  opened.database.exec('CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES (1)');
  return opened;
}

describe('symlinks are followed, not replaced', () => {
  it.each([
    ['to a file', 'data.db', true],
    ['to nothing yet', 'data.db', false],
    ['into a folder that does not exist', 'new/folder/data.db', false],
    ['to an absolute path', '/data.db', false],
  ])('a link %s', async (_, target, exists) => {
    const folder = temporaryFolder();
    const absolute = target.startsWith('/');
    const realPath = path.join(folder, target);
    if (exists) nativeSqlite(realPath, 'CREATE TABLE u(x)');
    const link = path.join(folder, 'link.db');
    fs.symlinkSync(absolute ? realPath : target, link);
    const opened = await saveOneRow(link);
    expect(opened.storage.name).toBe(realPath);
    expect(fs.readdirSync(path.dirname(realPath))).toContain('data.db-journal');
    opened.close();
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    expect(fs.lstatSync(realPath).isFile()).toBe(true);
    expect(modeOf(realPath)).toBe('600');
    expect(nativeSqlite(link, 'SELECT x FROM t')).toBe('1');
  });

  it('a chain of links, one of them relative to a folder behind a link', () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'deep', 'down'), { recursive: true });
    fs.symlinkSync('deep/down', path.join(folder, 'short'));
    fs.symlinkSync('../data.db', path.join(folder, 'deep', 'down', 'second'));
    fs.symlinkSync('short/second', path.join(folder, 'first'));
    fs.writeFileSync(path.join(folder, 'deep', 'data.db'), '');
    const realPath = fs.realpathSync(path.join(folder, 'first'));
    expect(followSymlinks(path.join(folder, 'first'))).toBe(realPath);
    fs.rmSync(realPath);
    expect(followSymlinks(path.join(folder, 'first'))).toBe(realPath);
  });

  it('a file in a missing folder has the same real path before and after the folder exists', () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'real'));
    fs.symlinkSync('real', path.join(folder, 'link'));
    const databasePath = path.join(folder, 'link', 'new', 'data.db');
    const before = fileStorage(databasePath).name;
    expect(fileStorage(databasePath).name).toBe(before);
    expect(before).toBe(path.join(folder, 'real', 'new', 'data.db'));
  });

  it('a loop of links is refused', () => {
    const folder = temporaryFolder();
    fs.symlinkSync('b', path.join(folder, 'a'));
    fs.symlinkSync('a', path.join(folder, 'b'));
    const error = thrownBy(() => fileStorage(path.join(folder, 'a')));
    expect(error).toMatchObject({ code: 'CANNOT_OPEN', cause: { code: 'ELOOP' } });
    expect(fs.readdirSync(folder)).toEqual(['a', 'b']);
  });
});

describe('a journal that is a link is refused, and its target stays the same', () => {
  it.each(['to a file', 'to nothing'])('a link %s', async (kind) => {
    const folder = temporaryFolder();
    const databasePath = path.join(folder, 'data.db');
    nativeSqlite(databasePath, 'CREATE TABLE t(x)');
    const victim = path.join(folder, 'victim');
    if (kind === 'to a file') fs.writeFileSync(victim, 'precious');
    fs.symlinkSync(victim, `${databasePath}-journal`);
    const failure = await rejectionOf(saveOneRow(databasePath));
    // A link to nothing is met only when SQLite creates the journal.
    const expected = kind === 'to a file' ? { code: 'CANNOT_OPEN' } : { name: 'SqliteError', resultCode: 14 };
    expect(failure).toMatchObject({ ...expected, cause: { code: 'ELOOP' } });
    expect(fs.existsSync(victim) && fs.readFileSync(victim, 'utf8')).toBe(kind === 'to a file' && 'precious');
    expect(nativeSqlite(`file:${databasePath}?immutable=1`, 'SELECT count(*) FROM t')).toBe('0');
  });
});

describe('anything except a file is refused', () => {
  it('a folder', async () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'data.db'));
    const failure = await rejectionOf(saveOneRow(path.join(folder, 'data.db')));
    expect(failure).toMatchObject({ code: 'CANNOT_OPEN', cause: { code: 'EISDIR' } });
    expect(fs.readdirSync(folder)).toEqual(['data.db']);
  });

  it('a file where a folder should be', () => {
    const file = path.join(temporaryFolder(), 'file');
    fs.writeFileSync(file, 'text');
    const error = thrownBy(() => fileStorage(path.join(file, 'folder', 'data.db')));
    expect(error).toMatchObject({ code: 'CANNOT_OPEN', cause: { code: 'ENOTDIR' } });
    expect(fs.readFileSync(file, 'utf8')).toBe('text');
  });

  it('a named pipe, without waiting for its other end and without a change of its mode', async () => {
    const pipe = path.join(temporaryFolder(), 'data.db');
    execFileSync('mkfifo', [pipe]);
    fs.chmodSync(pipe, 0o666);
    expect(await rejectionOf(saveOneRow(pipe))).toMatchObject({ code: 'CANNOT_OPEN' });
    expect(modeOf(pipe)).toBe('666');
  });
});

describe('modes', () => {
  it("removes the group's and other users' permissions from an existing file, keeps the owner's", async () => {
    const databasePath = path.join(temporaryFolder(), 'data.db');
    nativeSqlite(databasePath, 'CREATE TABLE t(x)');
    fs.chmodSync(databasePath, 0o666);
    (await saveOneRow(databasePath)).close();
    expect(modeOf(databasePath)).toBe('600');
  });

  it('keeps the mode of a refused file', async () => {
    const textFile = path.join(temporaryFolder(), 'notes.txt');
    fs.writeFileSync(textFile, 'not a database');
    fs.chmodSync(textFile, 0o644);
    expect(await rejectionOf(saveOneRow(textFile))).toMatchObject({ code: 'NOT_A_DATABASE' });
    expect(modeOf(textFile)).toBe('644');
    expect(fs.readFileSync(textFile, 'utf8')).toBe('not a database');
  });

  it('keeps the mode of existing folders', () => {
    const folder = path.join(temporaryFolder(), 'open');
    fs.mkdirSync(folder);
    fs.chmodSync(folder, 0o755);
    createPrivateDirectory(path.join(folder, 'private'));
    expect([modeOf(folder), modeOf(path.join(folder, 'private'))]).toEqual(['755', '700']);
  });
});

describe('folders made on the way to a path that fails', () => {
  const tooLong = 'x'.repeat(300);

  it.each([
    ['a folder', path.join('new', 'deep', tooLong, 'data.db')],
    ['the file', path.join('new', 'deep', tooLong)],
  ])('are removed again when %s cannot be made', async (_, name) => {
    const folder = temporaryFolder();
    expect(await rejectionOf(saveOneRow(path.join(folder, name)))).toMatchObject({
      code: 'CANNOT_OPEN',
      cause: { code: 'ENAMETOOLONG' },
    });
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('are removed again when the file cannot be opened, unless something is in them by now', async () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'old'));
    const theirs = path.join(folder, 'old', 'a', 'deep', 'data.db');
    const occupied = fileStorage(theirs);
    fs.mkdirSync(theirs);
    const gone = fileStorage(path.join(folder, 'old', 'b', 'deep', 'data.db'));
    fs.rmdirSync(path.join(folder, 'old', 'b', 'deep'));
    for (const storage of [occupied, gone]) {
      expect(await rejectionOf(openDatabase(storage))).toMatchObject({ code: 'CANNOT_OPEN' });
    }
    expect(fs.readdirSync(folder, { recursive: true }).map(String).toSorted()).toEqual(
      ['old', 'old/a', 'old/a/deep', 'old/a/deep/data.db'].map((name) => path.normalize(name)),
    );
  });
});

/** Tests that need a separate process: load order, umask, permissions, missing locks, limits. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Children } from '../../../../tests/support/child-process.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

it.each(['before', 'after'])('an sql.js that the program initialises %s is another one', async (order) => {
  expect(await children.ask(`sqljs-used-${order}`)).toEqual({ rows: [[1]], tables: [['t']] });
});

describe('modes, independent of the umask', () => {
  it.each(['000', '022', '077', '777'])('umask %s', async (umask) => {
    const databasePath = path.join(temporaryFolder(), 'one', 'two', 'data.db');
    expect(await children.ask('file-modes', [umask, databasePath])).toEqual({
      file: '600',
      journal: '600',
      log: '600',
      folders: ['700', '700'],
    });
    expect(fs.readdirSync(path.dirname(databasePath))).toEqual(['data.db']);
  });
});

const isRoot = process.getuid?.() === 0;
const NOBODY_USER_ID = 65534;

describe('permissions of an ordinary user', () => {
  const userId = isRoot ? NOBODY_USER_ID : undefined;

  function ownedFolder(): string {
    const folder = temporaryFolder();
    if (userId !== undefined) fs.chownSync(folder, userId, userId);
    return folder;
  }

  function database(folder: string): string {
    const databasePath = path.join(folder, 'data.db');
    nativeSqlite(databasePath, 'CREATE TABLE t(x); INSERT INTO t VALUES (1)');
    if (userId !== undefined) fs.chownSync(databasePath, userId, userId);
    return databasePath;
  }

  // The child cannot read a checkout in a private folder.
  function childCanRun(): boolean {
    if (userId === undefined) return true;
    try {
      execFileSync(process.execPath, ['-e', ''], { uid: userId, gid: userId, cwd: import.meta.dirname });
      return true;
    } catch {
      return false;
    }
  }

  beforeEach((context) => {
    if (!childCanRun()) context.skip('the repository cannot be read by an ordinary user');
  });

  it('opens a file without write permission as read-only', async () => {
    const folder = ownedFolder();
    const databasePath = database(folder);
    fs.chmodSync(databasePath, 0o400);
    expect(await children.ask('limited-rights', [databasePath], { userId })).toEqual({
      readOnly: true,
      rows: [1],
      write: { resultCode: 8 },
    });
    expect(modeOf(databasePath)).toBe('400');
    expect(fs.readdirSync(folder)).toEqual(['data.db']);
  });

  it('reads in a folder without write permission, and reports the cause of a failed write', async () => {
    const folder = ownedFolder();
    const databasePath = database(folder);
    fs.chmodSync(folder, 0o500);
    expect(await children.ask('limited-rights', [databasePath], { userId })).toEqual({
      readOnly: false,
      rows: [1],
      write: { resultCode: 14, cause: 'EACCES' },
    });
    fs.chmodSync(folder, 0o700);
    expect(nativeSqlite(databasePath, 'SELECT x FROM t')).toBe('1');
  });

  it('cannot open a file that it may not create or read, and changes nothing', async () => {
    const folder = ownedFolder();
    fs.chmodSync(folder, 0o500);
    const refused = { open: { code: 'CANNOT_OPEN', cause: 'EACCES' } };
    expect(await children.ask('limited-rights', [path.join(folder, 'new.db')], { userId })).toEqual(refused);
    expect(await children.ask('limited-rights', [path.join(folder, 'new', 'new.db')], { userId })).toEqual(
      refused,
    );
    fs.chmodSync(folder, 0o700);
    expect(fs.readdirSync(folder)).toEqual([]);
    const databasePath = database(folder);
    fs.chmodSync(databasePath, 0o000);
    expect(await children.ask('limited-rights', [databasePath], { userId })).toEqual(refused);
    expect(modeOf(databasePath)).toBe('0');
  });

  it("writes another user's file if permitted, and keeps its mode", async (context) => {
    if (!isRoot) context.skip("only root can create another user's file");
    const databasePath = database(ownedFolder());
    fs.chownSync(databasePath, 0, 0);
    fs.chmodSync(databasePath, 0o666);
    expect(await children.ask('limited-rights', [databasePath], { userId })).toEqual({
      readOnly: false,
      rows: [1],
      write: 'done',
    });
    expect(modeOf(databasePath)).toBe('666');
  });
});

describe('without a lock provider', () => {
  it('refuses to share a file, creates nothing, and works with `singleProcess`', async () => {
    const databasePath = path.join(temporaryFolder(), 'folder', 'data.db');
    expect(await children.ask('without-locks', [databasePath])).toMatchObject({
      code: 'LOCKS_UNAVAILABLE',
      cause: 'MODULE_NOT_FOUND',
      madeNothing: true,
      hint: expect.stringContaining('singleProcess'),
      alone: { multiProcess: false, lockProvider: 'in process', persistent: true },
    });
  });
});

describe('no space left', () => {
  it('reports a file size limit as SQLITE_FULL, keeps acknowledged rows, and writes again', async () => {
    const databasePath = path.join(temporaryFolder(), 'data.db');
    const answer = await children.ask('file-size-limit', [databasePath], { before: 'ulimit -f 1000' });
    expect(answer).toEqual({ resultCode: 13, cause: 'EFBIG', lost: 0, afterwards: 11, integrity: 'ok' });
    expect(nativeSqlite(databasePath, 'PRAGMA integrity_check')).toBe('ok');
  });
});

/** A restore to a file that does not exist yet, or is empty: it holds the whole backup afterwards, or is as it was before. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { nativeRangeLocks } from '@ggen-sim/sqljs-vfs/internal/file';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type PersistenceError, restoreToNewFile } from '../../src/index.ts';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { giveFreeName } from '../../src/exports/export-targets.node.ts';
import { stateOf } from '../support/file-state.ts';
import { namesIn, openFilled } from '../support/filled-database.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';

async function backedUp(): Promise<TestDatabase> {
  const database = createTestDatabase();
  const db = await openFilled(database);
  await db.exportBackup({ directory: database.path('backup') });
  await db.close();
  return database;
}

const restore = (database: TestDatabase, path: string, options: object = {}): Promise<unknown> =>
  restoreToNewFile(
    { storage: 'file', path, retry: { busyDeadlineMs: 100 } },
    { directory: database.path('backup'), ...options },
  );

describe('a restore to an empty file', () => {
  it('leaves it as it was when it fails or is stopped', async () => {
    const database = await backedUp();
    const path = database.path('empty.db');
    fs.writeFileSync(path, '');
    fs.chmodSync(path, 0o640);
    const before = stateOf(path);
    const stages = new Set<string>();
    await restore(database, database.path('other.db'), {
      onProgress: ({ stage }: { stage: string }) => void stages.add(stage),
    });
    fs.rmSync(database.path('other.db'));
    for (const stopAt of stages) {
      const stop = new AbortController();
      const onProgress = ({ stage }: { stage: string }): void => {
        if (stage === stopAt) stop.abort();
      };
      expect(await rejectionOf(restore(database, path, { signal: stop.signal, onProgress }))).toMatchObject({
        code: 'ABORTED',
      });
      expect(stateOf(path)).toEqual(before);
    }
    fs.appendFileSync(database.path('backup', 'audit_log.json'), ' ');
    expect(await rejectionOf(restore(database, path))).toMatchObject({ code: 'BACKUP_INVALID' });
    expect(await rejectionOf(restore(database, path, { directory: database.path('none') }))).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(stateOf(path)).toEqual(before);
    expect(namesIn(database)).toEqual(['backup', 'empty.db', 'ggen.db']);
  });

  it.each(['image', 'json'])('fills it in place, from %s', async (from) => {
    const database = await backedUp();
    const path = database.path('empty.db');
    fs.writeFileSync(path, '');
    fs.symlinkSync('empty.db', database.path('link.db'));
    const { ino } = stateOf(path);
    expect(await restore(database, database.path('link.db'), { from })).toMatchObject({ from, receipts: 20 });
    expect(stateOf(path)).toMatchObject({ ino, mode: '600' });
    expect(namesIn(database)).toEqual(['backup', 'empty.db', 'ggen.db', 'link.db']);
    expect(nativeSqlite(path, 'SELECT count(*) FROM receipts', 'PRAGMA integrity_check')).toBe('20\nok');
  });

  it('keeps what another process has saved in it meanwhile', async () => {
    const database = await backedUp();
    const path = database.path('empty.db');
    fs.writeFileSync(path, '');
    let saving: Promise<unknown> | undefined;
    const save = async (): Promise<void> => {
      const other = await database.open({ path });
      await other.saveReceipt(receiptOf('theirs'));
    };
    const onProgress = (): void => void (saving ??= save());
    expect(await rejectionOf(restore(database, path, { onProgress }))).toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await saving;
    expect(nativeSqlite(path, 'SELECT execution_id FROM receipts')).toBe('theirs');
  });
});

it.each(['new.db', 'new.db-journal'])(
  'a path that is taken is refused before the backup is read: %s',
  async (name) => {
    const database = await backedUp();
    fs.writeFileSync(database.path(name), 'theirs');
    const stages: string[] = [];
    const onProgress = ({ stage }: { stage: string }): void => void stages.push(stage);
    expect(await rejectionOf(restore(database, database.path('new.db'), { onProgress }))).toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(stages).toEqual([]);
    fs.rmSync(database.path(name));
  },
);

describe('what another program makes while a backup is written or restored', () => {
  it.each(['new.db', 'new.db-journal', 'new.db-wal'])('is kept: %s', async (name) => {
    const database = await backedUp();
    const onProgress = (): void => fs.writeFileSync(database.path(name), 'theirs');
    expect(await rejectionOf(restore(database, database.path('new.db'), { onProgress }))).toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining(name) as string,
    });
    expect(namesIn(database)).toEqual(['backup', 'ggen.db', name]);
    expect(fs.readFileSync(database.path(name), 'utf8')).toBe('theirs');
    fs.rmSync(database.path(name));
  });

  it('is kept: a folder with the name of the backup', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const onProgress = (): void => {
      fs.mkdirSync(database.path('backup'), { recursive: true });
      fs.writeFileSync(database.path('backup', 'theirs'), '');
    };
    expect(
      await rejectionOf(db.exportBackup({ directory: database.path('backup'), onProgress })),
    ).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(fs.readdirSync(database.path('backup'))).toEqual(['theirs']);
    expect(namesIn(database)).toEqual(['backup', 'ggen.db']);
  });

  it('is kept: a row saved at any moment of a restore without `force`', async () => {
    const source = await backedUp();
    const locks = nativeRangeLocks();
    if ('unavailable' in locks) return;
    const outcomes = new Set<string>();
    for (let call = 1; ; call++) {
      const database = createTestDatabase();
      let calls = -Infinity;
      let saved: boolean | undefined;
      const db = await database.open({
        rangeLocks: {
          ...locks,
          tryShared(...range) {
            if (++calls === call) saved = trySaving(database);
            return locks.tryShared(...range);
          },
        },
      });
      calls = 0;
      const restoring = db.restoreBackup({ directory: source.path('backup') });
      const outcome = await restoring.then(
        () => 'restored',
        (error: PersistenceError) => error.code,
      );
      if (saved === undefined) break;
      outcomes.add(`${saved ? 'saved' : 'locked'}, ${outcome}`);
      const kept = database.native("SELECT count(*) FROM receipts WHERE agent_id = 'theirs'");
      expect([call, outcome, kept]).toEqual([call, outcome, saved ? '1' : '0']);
    }
    expect([...outcomes]).toContain('saved, ALREADY_EXISTS');
  });
});

/** Saves a receipt by native SQLite. @returns false when the database is locked */
function trySaving(database: TestDatabase): boolean {
  try {
    execFileSync(
      'sqlite3',
      [
        database.file,
        `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
         VALUES ('r', 'e', 'theirs', 't', '{}', 'success')`,
      ],
      { stdio: 'ignore' },
    );
    return true;
  } catch {
    return false;
  }
}

describe('a complete file on a file system without hard links', () => {
  afterEach(() => void vi.restoreAllMocks());

  function withoutHardLinks(): void {
    vi.spyOn(fs, 'linkSync').mockImplementation(() => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    });
  }

  it('gets its name at once, so that a crash leaves no empty file under it', async () => {
    withoutHardLinks();
    const database = await backedUp();
    const target = database.path('new.db');
    const rename = fs.renameSync;
    const atRenaming: boolean[] = [];
    vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      if (to === target) atRenaming.push(fs.existsSync(target));
      rename(from, to);
    });
    expect(await restore(database, target)).toMatchObject({ receipts: 20 });
    expect(atRenaming).toEqual([false]);
    expect(nativeSqlite(target, 'SELECT count(*) FROM receipts')).toBe('20');
    expect(namesIn(database)).toEqual(['backup', 'ggen.db', 'new.db']);
  });

  it('replaces nothing', () => {
    withoutHardLinks();
    const database = createTestDatabase();
    fs.writeFileSync(database.path('complete'), 'new');
    fs.writeFileSync(database.path('file'), 'old');
    fs.mkdirSync(database.path('folder'));
    fs.symlinkSync('nowhere', database.path('link'));
    for (const name of ['file', 'folder', 'link']) {
      expect(() => giveFreeName(database.path('complete'), database.path(name))).toThrow(
        expect.objectContaining({ code: 'EEXIST' }) as Error,
      );
    }
    expect(namesIn(database)).toEqual(['complete', 'file', 'folder', 'link']);
    expect(fs.readFileSync(database.path('file'), 'utf8')).toBe('old');
  });
});

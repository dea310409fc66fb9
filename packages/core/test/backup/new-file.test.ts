/** A restore to a file that does not exist yet, or is empty: it holds the whole backup afterwards, or is as it was before. */
import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { restoreToNewFile } from '../../src/index.ts';
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

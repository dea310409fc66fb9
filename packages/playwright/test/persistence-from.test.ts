import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { killNativeSqlite, nativeSqlite } from '../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';
import { imageOf, openCopy } from '../src/source/copied-database.ts';
import { persistenceFrom, persistenceMatchers } from '../src/vitest.ts';

expect.extend(persistenceMatchers);

const receipt = { executionId: 'e', agentId: 'a', agentType: 't', receipt: { n: 1 } };

async function databaseFile(key?: string): Promise<string> {
  const file = path.join(temporaryFolder(), 'runs.db');
  await using db = await openPersistence({ storage: 'file', path: file, ...(key !== undefined && { key }) });
  await db.saveReceipt(receipt);
  return file;
}

describe('the copy', () => {
  let ended: { persistence: Persistence; folder: string } | undefined;

  it('of a file takes the saves, which the file does not', async () => {
    const file = await databaseFile();
    const before = fs.readFileSync(file);
    const db = await persistenceFrom(pathToFileURL(file));
    await db.saveReceipt({ ...receipt, executionId: 'second' });
    expect(await db.countReceipts()).toBe(2);
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['runs.db']);
    ended = { persistence: db, folder: path.dirname((await db.info()).path ?? '') };
    expect(path.dirname(ended.folder)).toBe(fs.realpathSync(os.tmpdir()));
  });

  it('is closed and removed at the end of the test', async () => {
    if (ended === undefined) throw new Error('the test above has opened none');
    expect(fs.existsSync(ended.folder)).toBe(false);
    await expect(ended.persistence.stats()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('of a file that a crash left is rolled back by its journal', async () => {
    const file = path.join(temporaryFolder(), 'runs.db');
    await using written = await openPersistence({ storage: 'file', path: file });
    await written.saveReceipts(
      Array.from({ length: 200 }, (_, n) => ({
        ...receipt,
        executionId: `e-${n}`,
        receipt: 'whole '.repeat(100).split(' '),
      })),
    );
    // Far more than the cache takes, so that pages of the transaction are in the file.
    killNativeSqlite(file, `PRAGMA cache_size = 5; BEGIN; UPDATE receipts SET receipt_json = '["torn"]'`);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['runs.db', 'runs.db-journal']);
    const db = await persistenceFrom(file);
    await expect(db).not.toHaveReceipt({ receipt: ['torn'] });
    expect(await db.verify()).toMatchObject({ ok: true });
  });

  it('opens with a key, and an image of it opens in sqlite3', async () => {
    const db = await persistenceFrom(await databaseFile('a passphrase'), { key: 'a passphrase' });
    await expect(db).toHaveReceipt({ executionId: 'e' });
    const image = path.join(temporaryFolder(), 'image.db');
    fs.writeFileSync(image, await imageOf({ receipts: [receipt] }));
    expect(nativeSqlite(image, 'PRAGMA integrity_check; SELECT receipt_json FROM receipts')).toBe(
      'ok\n{"n":1}',
    );
  });

  it('that cannot be opened leaves nothing behind', async () => {
    // Of its own, because other processes make copies as well.
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(openCopy(Buffer.from('no database'.repeat(100)))).rejects.toMatchObject({
      code: 'NOT_A_DATABASE',
    });
    await expect(persistenceFrom('/no/such/file.db')).rejects.toThrow('/no/such/file.db');
    await expect(openCopy({ receipts: [receipt, receipt] })).rejects.toMatchObject({
      code: 'DUPLICATE_EXECUTION',
    });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

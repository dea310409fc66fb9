/** Encrypted database files, through the whole interface. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openPersistence, restoreToNewFile } from '../../src/index.ts';
import type { FileOpenOptions, Persistence } from '../../src/index.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'encrypted-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const KEY = new Uint8Array(32).fill(9);
const RECEIPT = {
  agentId: 'agent_01',
  agentType: 'Producer',
  executionId: 'run-1',
  status: 'success',
  receipt: { secret: 'plain words' },
} as const;

function encrypted(name: string, more: Partial<FileOpenOptions> = {}): FileOpenOptions {
  return { storage: 'file', path: path.join(folder, name), key: KEY, worker: false, ...more };
}

async function saved(options: FileOpenOptions): Promise<Persistence> {
  const db = await openPersistence(options);
  await db.saveReceipt(RECEIPT);
  return db;
}

function holds(name: string, text: string): boolean {
  return fs.readdirSync(folder).some((file) => {
    const place = path.join(folder, file);
    return file.startsWith(name) && fs.statSync(place).isFile() && fs.readFileSync(place).includes(text);
  });
}

describe('an encrypted file', () => {
  it.each([
    ['shared', {}],
    ['exclusive', { exclusive: true }],
  ])('keeps what is saved from those without its key: %s', async (name, more) => {
    const db = await saved(encrypted(name, more));
    expect((await db.info()).encryption).toBe('SQLCipher 4');
    expect(JSON.stringify(await db.info())).not.toContain('9,9,9');
    await db.close();
    expect(holds(name, 'plain words')).toBe(false);
    const again = await openPersistence(encrypted(name, more));
    expect((await again.verify()).ok).toBe(true);
    await again.close();
    await expect(openPersistence(encrypted(name, { ...more, key: 'guess' }))).rejects.toMatchObject({
      code: 'WRONG_KEY',
    });
    const { key: _, ...withoutKey } = encrypted(name, more);
    await expect(openPersistence(withoutKey)).rejects.toMatchObject({ code: 'KEY_REQUIRED' });
  });

  it('names the page that was changed by hand', async () => {
    await (await saved(encrypted('changed'))).close();
    const bytes = fs.readFileSync(path.join(folder, 'changed'));
    bytes[4096 + 7]! ^= 1;
    fs.writeFileSync(path.join(folder, 'changed'), bytes);
    const db = await openPersistence(encrypted('changed'));
    const { ok, problems } = await db.verify();
    await db.close();
    expect({ ok, first: problems[0]?.message }).toEqual({
      ok: false,
      first: expect.stringContaining('page 2 of'),
    });
    expect(fs.readFileSync(path.join(folder, 'changed'))).toEqual(bytes);
  });

  it('refuses what is no key, and does not quote it', async () => {
    const secret = 'f00d'.repeat(3);
    const wrong = openPersistence(encrypted('none', { key: `x'${secret}'` }));
    await expect(wrong).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.not.stringContaining('f00d'),
    });
    expect(fs.existsSync(path.join(folder, 'none'))).toBe(false);
  });

  it('is filled from a plain backup by its rows, and refuses its pages', async () => {
    const directory = path.join(folder, 'backup-of-plain');
    const plain = await saved({ storage: 'file', path: path.join(folder, 'plain'), worker: false });
    await plain.exportBackup({ directory });
    const image = await plain.exportImage();
    await plain.close();
    await expect(restoreToNewFile(encrypted('restored'), { directory })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
    });
    await restoreToNewFile(encrypted('restored'), { directory, from: 'json' });
    const db = await openPersistence(encrypted('restored'));
    await expect(db.importImage(image)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    expect((await db.verify()).ok).toBe(true);
    await db.importImage(await db.exportImage());
    expect((await db.verify()).ok).toBe(true);
    await db.close();
    expect(holds('restored', 'plain words')).toBe(false);
  });
});

it.runIf(process.platform === 'linux')(
  'a dry run of an import puts no plain rows of it on the disk',
  async () => {
    // Files without a name, which this process has open.
    const unnamed = (): string[] =>
      fs.readdirSync('/proc/self/fd').filter((descriptor) => {
        const link = path.join('/proc/self/fd', descriptor);
        return (
          fs.existsSync(link) &&
          fs.readlinkSync(link).startsWith(`${folder}/`) &&
          fs.statSync(link).nlink === 0
        );
      });
    const row = { execution_id: 'e', agent_id: 'a', agent_type: 't', receipt_json: '{}' };
    const filesDuring = async (options: FileOpenOptions): Promise<number> => {
      await using db = await openPersistence(options);
      let most = 0;
      const report = await db.importRows({
        table: 'receipts',
        dryRun: true,
        input: new Blob([JSON.stringify(row)]).stream(),
        onProgress: () => (most = Math.max(most, unnamed().length)),
      });
      expect([report.rows, await db.countReceipts()]).toEqual([1, 0]);
      return most;
    };
    const plain = { storage: 'file', path: path.join(folder, 'plain.db'), worker: false } as const;
    expect(await filesDuring(plain)).toBeGreaterThan(0);
    expect(await filesDuring(encrypted('dry-run.db'))).toBe(0);
  },
);

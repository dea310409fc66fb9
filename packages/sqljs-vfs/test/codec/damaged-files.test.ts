/** What an encrypted file notices of damage and of hands that have no key, and what it cannot. */
import { beforeAll, describe, expect, it } from 'vitest';
import { PageCipher } from '../../src/codec/page-format.ts';
import { type DurableDatabase, MemoryDisk, memoryStorage, openDatabase } from '../../src/index.ts';
import { column } from '../../src/testing/database-queries.ts';

const KEY = new Uint8Array(32).fill(7);
const PAGE = 4096;
const ROWS = 60;
const ALL_ROWS = 'SELECT count(*), sum(length(filler)) FROM t';

let image: Uint8Array;
/** The same database, and page 3 of it, before its rows were changed. */
let older: Uint8Array;

function bytesOf(disk: MemoryDisk): Uint8Array {
  const file = memoryStorage(disk).open('main', { create: false, exclusive: false, readOnly: true });
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  return bytes;
}

function diskWith(bytes: Uint8Array): MemoryDisk {
  const disk = new MemoryDisk();
  memoryStorage(disk).open('main', { create: true, exclusive: true, readOnly: false }).write(bytes, 0);
  return disk;
}

function pageOf(bytes: Uint8Array, pageNumber: number): Uint8Array {
  return bytes.slice((pageNumber - 1) * PAGE, pageNumber * PAGE);
}

/** Opens a changed copy of the database, and reads every row. The copy must stay as it is. */
async function readingOf(bytes: Uint8Array, key: Uint8Array | string | undefined = KEY): Promise<unknown> {
  const disk = diskWith(bytes);
  let opened: DurableDatabase | undefined;
  try {
    opened = await openDatabase(memoryStorage(disk), key === undefined ? {} : { key });
    return opened.database.exec(ALL_ROWS)[0]?.values;
  } catch (error) {
    return error;
  } finally {
    opened?.close();
    expect(bytesOf(disk)).toEqual(bytes);
  }
}

beforeAll(async () => {
  const disk = new MemoryDisk();
  const { database } = await openDatabase(memoryStorage(disk), { key: KEY });
  database.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, filler TEXT)');
  for (let id = 1; id <= ROWS; id++) database.run('INSERT INTO t VALUES (?, ?)', [id, 'x'.repeat(300)]);
  older = bytesOf(disk);
  database.exec("UPDATE t SET filler = replace(filler, 'x', 'y')");
  image = bytesOf(disk);
});

describe('an encrypted file', () => {
  it("holds nothing of the rows, nor SQLite's magic text", () => {
    const text = new TextDecoder('latin1').decode(image);
    expect(text).not.toContain('SQLite');
    expect(text).not.toContain('yyyy');
    expect(image.length % PAGE).toBe(0);
  });

  it('notices each flipped byte of a page, except of the salt, which is noticed by the key', () => {
    const cipher = new PageCipher(KEY, image.subarray(0, 16));
    for (const pageNumber of [1, 3]) {
      const page = pageOf(image, pageNumber);
      expect(cipher.isAuthentic(pageNumber, page)).toBe(true);
      for (let index = pageNumber === 1 ? 16 : 0; index < PAGE; index++) {
        page[index] = (page[index] as number) ^ 1;
        expect(cipher.isAuthentic(pageNumber, page), `byte ${index}`).toBe(false);
        page[index] = (page[index] as number) ^ 1;
      }
    }
  });

  it('names a page that was changed', async () => {
    const changed = image.slice();
    changed[2 * PAGE + 100] = (changed[2 * PAGE + 100] as number) ^ 1;
    expect(await readingOf(changed)).toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('page 3 of'),
    });
  });

  it('notices pages that have changed places', async () => {
    const changed = image.slice();
    changed.set(pageOf(image, 3), 3 * PAGE);
    changed.set(pageOf(image, 4), 2 * PAGE);
    expect(await readingOf(changed)).toMatchObject({ code: 'CORRUPT' });
  });

  it('notices a page that is cut off, and pages that are missing', async () => {
    const cut = await readingOf(image.slice(0, -10));
    expect(cut).toMatchObject({ code: 'CORRUPT' });
    expect(await readingOf(image.slice(0, 3 * PAGE))).toMatchObject({ resultCode: 11 });
  });

  it('notices a page of zeros where a tree needs one', async () => {
    const changed = image.slice();
    changed.fill(0, 2 * PAGE, 3 * PAGE);
    expect(await readingOf(changed)).toMatchObject({ resultCode: 11 });
  });

  it('cannot notice a page of zeros where SQLite expects the end of a long value', async () => {
    const disk = new MemoryDisk();
    const { database } = await openDatabase(memoryStorage(disk), { key: KEY });
    database.exec('CREATE TABLE t(filler TEXT); INSERT INTO t VALUES (hex(zeroblob(4000)))');
    const changed = bytesOf(disk);
    // The table is page 2, and the value goes on in the pages after it. The last of them has no page after it to name.
    changed.fill(0, -PAGE);
    const found = await openDatabase(memoryStorage(diskWith(changed)), { key: KEY });
    const value = 'CAST(filler AS BLOB)';
    expect(column(found.database, `SELECT length(${value}) FROM t`)).toEqual([8000]);
    expect(column(found.database, `SELECT instr(${value}, x'00') > 0 FROM t`)).toEqual([1]);
    expect(column(found.database, 'PRAGMA integrity_check')).toEqual(['ok']);
  });

  it('cannot notice an older version of a page or of the whole file, as SQLCipher cannot', async () => {
    const changed = image.slice();
    changed.set(pageOf(older, 3), 2 * PAGE);
    expect(await readingOf(changed)).toEqual([[ROWS, 300 * ROWS]]);
    expect(await readingOf(older)).toEqual([[ROWS, 300 * ROWS]]);
  });
});

describe('refused, and unchanged', () => {
  it('another key, another salt, a passphrase', async () => {
    const otherSalt = image.slice();
    otherSalt[0] = (otherSalt[0] as number) ^ 1;
    expect(await readingOf(image, new Uint8Array(32))).toMatchObject({ code: 'WRONG_KEY' });
    expect(await readingOf(image, 'a passphrase')).toMatchObject({ code: 'WRONG_KEY' });
    expect(await readingOf(otherSalt)).toMatchObject({ code: 'WRONG_KEY' });
  });

  it('no key', async () => {
    const disk = diskWith(image);
    await expect(openDatabase(memoryStorage(disk))).rejects.toMatchObject({ code: 'KEY_REQUIRED' });
    expect(bytesOf(disk)).toEqual(image);
  });

  it('a key for a plain file', async () => {
    const disk = new MemoryDisk();
    const plain = await openDatabase(memoryStorage(disk));
    plain.database.exec('CREATE TABLE t(id, filler)');
    plain.close();
    expect(await readingOf(bytesOf(disk))).toMatchObject({ code: 'WRONG_KEY' });
  });

  it('no key, or another one, beside a hot journal, which stays', async () => {
    const disk = diskWith(image);
    const writer = await openDatabase(memoryStorage(disk), { key: KEY });
    writer.database.exec(
      "PRAGMA cache_size = 1; BEGIN; UPDATE t SET filler = 'z'; DELETE FROM t WHERE id > 9",
    );
    // As a killed process leaves it: without locks.
    const left = new MemoryDisk();
    for (const [role, content] of disk.files) {
      const bytes = new Uint8Array(content.sizeBytes);
      content.read(bytes, 0);
      memoryStorage(left).open(role, { create: true, exclusive: true, readOnly: false }).write(bytes, 0);
    }
    const before = bytesOf(left);
    for (const [options, code] of [
      [{}, 'KEY_REQUIRED'],
      [{ key: new Uint8Array(32) }, 'WRONG_KEY'],
    ] as const) {
      await expect(openDatabase(memoryStorage(left), options)).rejects.toMatchObject({ code });
      expect(bytesOf(left)).toEqual(before);
      expect(memoryStorage(left).exists('journal')).toBe(true);
    }
    const recovered = await openDatabase(memoryStorage(left), { key: KEY });
    expect(column(recovered.database, 'SELECT count(*) FROM t')).toEqual([ROWS]);
    recovered.close();
    writer.close();
  });

  it('a VACUUM to another page size; the database goes on', async () => {
    const disk = diskWith(image);
    const { database } = await openDatabase(memoryStorage(disk), { key: KEY });
    expect(() => database.exec('PRAGMA page_size = 8192; VACUUM')).toThrow(/./);
    expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
    expect(column(database, 'SELECT count(*) FROM t')).toEqual([ROWS]);
    database.exec('PRAGMA page_size = 4096; VACUUM');
    expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
  });
});

/** Encrypted pages in a page, where a library encrypts them, and in OPFS. */
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryDisk, memoryStorage, openDatabase } from '../../src/index.ts';
import { sqlCipherFile } from '../fixtures/sqlcipher-4.browser.ts';
import { RemoteDatabase, terminateAll } from '../remote-database.browser.ts';

const KEY = new Uint8Array(32).fill(5);

afterEach(terminateAll);

/** Reads the bytes of all files below a folder of OPFS. */
async function storedText(folder: FileSystemDirectoryHandle): Promise<string> {
  const texts: string[] = [];
  for await (const handle of folder.values()) {
    if (handle.kind === 'directory') texts.push(await storedText(handle));
    else texts.push(await (await handle.getFile()).text());
  }
  return texts.join('\n');
}

it('a page opens a file that SQLCipher made, and goes on with it', async () => {
  const disk = new MemoryDisk();
  const image = Uint8Array.from(atob(sqlCipherFile.imageBase64), (letter) => letter.charCodeAt(0));
  memoryStorage(disk).open('main', { create: true, exclusive: true, readOnly: false }).write(image, 0);
  const key = sqlCipherFile.passphrase;
  for (const exclusive of [false, true]) {
    const opened = await openDatabase(memoryStorage(disk), { key, exclusive });
    expect(opened.database.exec('SELECT * FROM t WHERE id = 1')[0]?.values).toEqual(sqlCipherFile.rows);
    opened.database.exec("INSERT INTO t(word) VALUES ('by us')");
    expect(opened.database.exec('PRAGMA integrity_check')[0]?.values).toEqual([['ok']]);
    opened.close();
  }
});

describe('in OPFS', () => {
  it.each([false, true])(
    'two tabs read and write what is not readable without the key; exclusive: %s',
    async (exclusive) => {
      const name = `encrypted-${crypto.randomUUID()}`;
      const first = await RemoteDatabase.open('opfs', name, exclusive, {}, KEY);
      await first.write("CREATE TABLE t(word); INSERT INTO t VALUES ('plain words in opfs')");
      if (exclusive) await first.close();
      const second = await RemoteDatabase.open('opfs', name, exclusive, {}, KEY);
      await second.write("INSERT INTO t VALUES ('of the second')");
      expect(await second.read('SELECT count(*) FROM t')).toEqual([[2]]);
      if (!exclusive) {
        expect(await first.read('SELECT count(*) FROM t')).toEqual([[2]]);
        await first.close();
      }
      await second.close();
      expect(await storedText(await navigator.storage.getDirectory())).not.toContain('plain words in opfs');
      await expect(RemoteDatabase.open('opfs', name, false, {}, 'guess')).rejects.toMatchObject({
        code: 'WRONG_KEY',
      });
      await expect(RemoteDatabase.open('opfs', name)).rejects.toMatchObject({ code: 'KEY_REQUIRED' });
    },
  );
});

/** Write coalescing makes few calls, keeps the bytes and their order, and loses nothing when a write fails. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import {
  MemoryDisk,
  type FileRole,
  type SqliteError,
  type Storage,
  memoryStorage,
  openDatabase,
} from '../../src/index.ts';
import { WriteCoalescing } from '../../src/sqlite/write-coalescing.ts';
import { column } from '../../src/testing/database-queries.ts';
import { type StorageCall, countingStorage, observedStorage } from '../../src/testing/index.ts';
import { thrownBy } from '../../src/testing/storage-case.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const ROWS = `
  CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT, filler BLOB);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
  INSERT INTO t SELECT i, 'word ' || i, zeroblob(400) FROM n;`;
const UNCHANGED_WORDS = "SELECT count(*) FROM t WHERE word = 'word ' || id";

/** Makes a storage on which writes to files of one role fail while `full` is set to that role. */
function storageWithFullFile(storage: Storage): {
  storage: Storage;
  full: (role: FileRole | undefined) => void;
} {
  let fullRole: FileRole | undefined;
  return {
    storage: observedStorage(storage, ({ verb, role }) => {
      if (verb === 'write' && role === fullRole) {
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      }
    }),
    full: (role) => void (fullRole = role),
  };
}

describe('few calls', () => {
  it('a transaction over many pages writes its journal, and adjacent pages, in one call', async () => {
    const calls: StorageCall[] = [];
    const opened = await openDatabase(observedStorage(memoryStorage(), (call) => calls.push(call)));
    opened.database.exec(ROWS);
    calls.length = 0;
    opened.database.exec("UPDATE t SET word = word || '!'");
    const writes = calls.filter(({ verb }) => verb === 'write');
    const journal = writes.filter(({ role }) => role === 'journal');
    // SQLite writes the records, then their count into the header, each before a sync.
    expect(journal.map(({ sizeBytes }) => sizeBytes > 40 * 4096)).toEqual([true, false]);
    expect(writes.length - journal.length, 'pieces of the database').toBeLessThan(5);
    opened.close();
  });

  it('a pending range has a maximum size, and larger writes are not delayed', () => {
    const counted = countingStorage(memoryStorage());
    const writes = new WriteCoalescing();
    const mode = { create: true, exclusive: false, readOnly: false };
    const file = writes.over(counted.storage.open('main', mode));
    const pages = 256;
    for (let page = 0; page < pages; page++) {
      file.write(new Uint8Array(4096).fill(page + 1), page * 4096);
    }
    const long = new Uint8Array(1_000_000).fill(7);
    file.write(long, pages * 4096);
    expect(counted.counts.calls.write).toBeLessThan(8);
    expect(counted.counts.writtenBytes).toBe(pages * 4096 + long.length);
    const content = new Uint8Array(pages * 4096 + long.length);
    expect(file.read(content, 0)).toBe(content.length);
    expect(content.every((byte, at) => byte === (at < pages * 4096 ? ((at >> 12) + 1) & 0xff : 7))).toBe(
      true,
    );
  });
});

describe('the same bytes in the same order', () => {
  const mode = { create: true, exclusive: false, readOnly: false };

  it('a call that does not extend the pending range flushes it first, for every file', () => {
    const order: string[] = [];
    const storage = observedStorage(memoryStorage(), ({ verb, role, sizeBytes }) => {
      if (verb !== 'open') order.push(`${verb} ${role} ${sizeBytes}`);
    });
    const writes = new WriteCoalescing();
    const main = writes.over(storage.open('main', mode));
    const journal = writes.over(storage.open('journal', mode));
    journal.write(new Uint8Array(10), 0);
    journal.write(new Uint8Array(20), 10);
    expect(order).toEqual([]);
    main.read(new Uint8Array(5), 0);
    main.write(new Uint8Array(30), 0);
    main.write(new Uint8Array(30), 0);
    journal.sync();
    main.write(new Uint8Array(1), 99);
    main.truncate(0);
    main.write(new Uint8Array(2), 0);
    main.unlock(0);
    main.write(new Uint8Array(3), 2);
    main.sizeBytes();
    main.write(new Uint8Array(4), 5);
    main.read(new Uint8Array(6), 0);
    journal.write(new Uint8Array(7), 0);
    journal.close();
    expect(order).toEqual([
      'read main 5',
      'write journal 30',
      'write main 30',
      'write main 30',
      'sync journal 0',
      'write main 1',
      'truncate main 0',
      'write main 2',
      'unlock main 0',
      'write main 3',
      'write main 4',
      'read main 6',
      'write journal 7',
      'close journal 0',
    ]);
  });

  it('a commit is in the storage when it returns, even without a sync by SQLite', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'data.db');
    const opened = await openDatabase(fileStorage(file), { exclusive: true, synchronous: 'normal' });
    opened.database.exec(`${ROWS} UPDATE t SET word = 'new' WHERE id = 7`);
    // The current files are what a killed process would leave; native SQLite reads a copy of them.
    for (const suffix of ['', '-wal']) fs.copyFileSync(file + suffix, path.join(folder, `copy.db${suffix}`));
    expect(nativeSqlite(path.join(folder, 'copy.db'), 'SELECT word FROM t WHERE id = 7')).toBe('new');
    opened.close();
  });
});

describe('a write that fails after SQLite saw it succeed', () => {
  it('rolls the whole transaction back: no page stays changed without its journal record', async () => {
    const disk = new MemoryDisk();
    const { storage, full } = storageWithFullFile(memoryStorage(disk));
    const { database, ...opened } = await openDatabase(storage);
    database.exec(ROWS);
    database.exec(
      "BEGIN; UPDATE t SET word = 'changed' WHERE id <= 200; SAVEPOINT s; DELETE FROM t WHERE id > 300",
    );
    full('journal');
    const failure = thrownBy(() => database.exec('ROLLBACK TO s')) as SqliteError;
    expect(failure).toMatchObject({ resultCode: 13, cause: { code: 'ENOSPC' } });
    expect(thrownBy(() => database.exec('ROLLBACK'))).toBeInstanceOf(Error);
    full(undefined);
    expect(column(database, UNCHANGED_WORDS)).toEqual([400]);
    database.exec("UPDATE t SET word = 'after' WHERE id = 400");
    expect(column(database, UNCHANGED_WORDS)).toEqual([399]);
    expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
    expect(opened.journalMode).toBe('truncate');
    database.close();
    const again = await openDatabase(memoryStorage(disk));
    expect(column(again.database, UNCHANGED_WORDS)).toEqual([399]);
    again.close();
  });

  it.each(['journal', 'main', 'wal'] as const)(
    'a full disk under the %s loses nothing, and the next write works once there is space',
    async (role) => {
      const disk = new MemoryDisk();
      const { storage, full } = storageWithFullFile(memoryStorage(disk));
      const opened = await openDatabase(storage, { exclusive: role === 'wal' });
      const { database } = opened;
      database.exec(ROWS);
      for (let round = 1; round <= 3; round++) {
        full(role);
        const failure = thrownBy(() => database.exec("UPDATE t SET word = 'lost'")) as SqliteError;
        expect(failure).toMatchObject({ resultCode: 13, cause: { code: 'ENOSPC' } });
        full(undefined);
        expect(column(database, UNCHANGED_WORDS)).toEqual([400]);
        database.exec("UPDATE t SET filler = zeroblob(401) WHERE id = 1; UPDATE t SET word = word || ''");
        expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
      }
      opened.close();
      const again = await openDatabase(memoryStorage(disk));
      expect(column(again.database, UNCHANGED_WORDS)).toEqual([400]);
      again.close();
    },
  );
});

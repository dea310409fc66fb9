/** Files that are not databases, and storages that fail. */
import type { Storage } from '../../contract/storage.ts';
import { TEN_THOUSAND_ROWS, column } from '../database-queries.ts';
import { type StorageCall, observedStorage } from '../observed-storage.ts';
import {
  type StorageCase,
  type StorageTestContext,
  patternBytes,
  rejectionOf,
  sameBytes,
  thrownBy,
} from '../storage-case.ts';

const WAL_VERSION = 2;
const WRITE_VERSION_OFFSET = 18;

/** Makes a storage that fails each call for which `fails` returns an error. */
function failing(context: StorageTestContext, fails: (call: StorageCall) => Error | undefined): Storage {
  return observedStorage(context.storage(), (call) => {
    const error = fails(call);
    if (error) throw error;
  });
}

function errorWith(properties: { code?: string; name?: string }): Error {
  return Object.assign(new Error('the disk failed'), properties);
}

async function refusalOf(context: StorageTestContext, bytes: Uint8Array): Promise<unknown> {
  const file = context.file();
  file.truncate(0);
  file.write(bytes, 0);
  file.close();
  const { code } = await rejectionOf(context.database());
  context.expect(sameBytes(context.bytes(), bytes)).toBe(true);
  return code;
}

export const failureCases: readonly StorageCase[] = [
  {
    title: 'refusal: a file that is not a database stays the same, byte for byte',
    async run(context) {
      context
        .expect(await refusalOf(context, new TextEncoder().encode('a shopping list')))
        .toBe('NOT_A_DATABASE');
      context.expect(await refusalOf(context, patternBytes(20_000))).toBe('NOT_A_DATABASE');
      context
        .expect(await refusalOf(context, new TextEncoder().encode('SQLite format 3\0')))
        .toBe('NOT_A_DATABASE');
      context.expect(await refusalOf(context, new Uint8Array(8192))).toBe('NOT_A_DATABASE');
      context.expect(context.storage().exists('journal')).toBe(false);
    },
  },
  {
    title: 'refusal: a file in WAL mode stays the same, unless opened with `exclusive`',
    async run(context) {
      const opened = await context.database();
      opened.database.exec(TEN_THOUSAND_ROWS);
      opened.close();
      const image = context.bytes();
      image.fill(WAL_VERSION, WRITE_VERSION_OFFSET, WRITE_VERSION_OFFSET + 2);
      context.expect(await refusalOf(context, image)).toBe('WAL_MODE');
      const owner = await context.database({ exclusive: true });
      context.expect(column(owner.database, 'SELECT count(*) FROM t')).toEqual([10_000]);
      owner.close();
      const converted = context.bytes();
      context.expect([...converted.subarray(WRITE_VERSION_OFFSET, WRITE_VERSION_OFFSET + 2)]).toEqual([1, 1]);
      context.expect(converted.length).toBe(image.length);
    },
  },
  {
    title: 'refusal: SQLite reports a damaged database, and the file stays the same',
    async run(context) {
      const opened = await context.database();
      opened.database.exec(TEN_THOUSAND_ROWS);
      opened.close();
      const image = context.bytes();
      image.fill(0xff, 100, 4096);
      const file = context.file();
      file.write(image, 0);
      file.close();
      context.expect((await rejectionOf(context.database())).resultCode).toBe(11);
      context.expect(sameBytes(context.bytes(), image)).toBe(true);
    },
  },
  {
    title: 'refusal: the missing end of a truncated last page reads as zeros, not as old memory',
    async run(context) {
      const opened = await context.database();
      opened.database.exec(
        "CREATE TABLE t(x); INSERT INTO t VALUES (unhex(replace(hex(zeroblob(50000)), '00', 'ab')))",
      );
      opened.close();
      const file = context.file();
      const sizeBytes = file.sizeBytes();
      // The end of the value lies at the start of the last page.
      file.truncate(sizeBytes - 4090);
      file.close();
      const { database } = await context.database();
      database.exec('PRAGMA cache_size = 1');
      const [tail] = column(database, 'SELECT hex(substr(x, -100)) FROM t');
      context.expect(String(tail)).toMatch(/^[^A]*$/);
    },
  },
  {
    title: 'refusal: an empty file becomes a database',
    async run(context) {
      context.file().close();
      const { database } = await context.database();
      database.run('CREATE TABLE t(x)');
      context.expect(context.bytes().length).toBeGreaterThan(0);
    },
  },
  {
    title: "failure: the storage's own error is the cause, and the database goes on",
    async run(context) {
      const verbs = ['read', 'write', 'sync', 'truncate', 'open', 'lock'] as const;
      const setUp = await context.database();
      setUp.database.run('CREATE TABLE t(x)');
      setUp.close();
      for (const verb of verbs) {
        const error = errorWith({ code: 'EIO' });
        let armed = false;
        const storage = failing(context, (call) => (armed && call.verb === verb ? error : undefined));
        const opened = await context.database({}, storage);
        const { database } = opened;
        // Another connection's commit makes this one read the file again.
        const other = await context.database();
        other.database.run('INSERT INTO t VALUES (0)');
        other.close();
        armed = true;
        const failure = thrownBy(() => database.run('INSERT INTO t VALUES (1)'));
        armed = false;
        context.expect(failure.name, verb).toBe('SqliteError');
        context.expect(failure.resultCode, verb).toBe(verb === 'open' ? 14 : 10);
        context.expect(failure.cause, verb).toBe(error);
        database.run("DELETE FROM t; INSERT INTO t VALUES ('after')");
        context.expect(column(database, 'SELECT x FROM t')).toEqual(['after']);
        context.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
        opened.close();
      }
    },
  },
  {
    title: 'failure: each error for a full disk gives SQLITE_FULL, and the next write works',
    async run(context) {
      for (const properties of [
        { code: 'ENOSPC' },
        { code: 'EDQUOT' },
        { code: 'EFBIG' },
        { name: 'QuotaExceededError' },
      ]) {
        for (const role of ['main', 'journal'] as const) {
          const error = errorWith(properties);
          let armed = false;
          const storage = failing(context, (call) =>
            armed && call.verb === 'write' && call.role === role ? error : undefined,
          );
          const opened = await context.database({}, storage);
          opened.database.exec('CREATE TABLE IF NOT EXISTS t(x); DELETE FROM t; INSERT INTO t VALUES (1)');
          armed = true;
          const failure = thrownBy(() => opened.database.run('INSERT INTO t VALUES (2)'));
          armed = false;
          context.expect(failure.resultCode).toBe(13);
          context.expect(failure.cause).toBe(error);
          opened.database.run('INSERT INTO t VALUES (3)');
          context.expect(column(opened.database, 'SELECT x FROM t ORDER BY x')).toEqual([1, 3]);
          opened.close();
        }
      }
    },
  },
  {
    title: 'failure: an error that SQLite ignored is not the cause of a later one',
    async run(context) {
      let armed = false;
      const storage = failing(context, (call) =>
        armed && call.verb === 'unlock' ? errorWith({ code: 'EIO' }) : undefined,
      );
      const { database } = await context.database({}, storage);
      database.run('CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES (1)');
      armed = true;
      // SQLite ignores a failed unlock at the end of a read.
      context.expect(column(database, 'SELECT x FROM t')).toEqual([1]);
      armed = false;
      const failure = thrownBy(() => database.run('INSERT INTO t VALUES (1)'));
      context.expect(failure.resultCode).toBe(19);
      context.expect(failure.cause).toBe(undefined);
    },
  },
  {
    title: 'failure: a storage that cannot be opened gives CANNOT_OPEN, with its error as the cause',
    async run(context) {
      const error = errorWith({ code: 'EACCES' });
      const closed = failing(context, (call) => (call.verb === 'open' ? error : undefined));
      const failure = await rejectionOf(context.database({}, closed));
      context.expect(failure.code).toBe('CANNOT_OPEN');
      context.expect(failure.cause).toBe(error);
      context.expect((await context.database()).journalMode).toBe('truncate');
    },
  },
  {
    title: 'failure: a file to attach, or to VACUUM INTO, is refused: it would be in memory only',
    async run(context) {
      const opened = await context.database();
      opened.database.exec('CREATE TABLE t(x)');
      for (const sql of ["ATTACH 'archive.db' AS archive", "VACUUM INTO 'copy.db'"]) {
        const failure = thrownBy(() => opened.database.exec(sql));
        context.expect(failure.resultCode).toBe(14);
        context.expect((failure.cause as Error).message).toMatch(/in memory/);
      }
      opened.database.run('INSERT INTO t VALUES (3)');
      context.expect(column(opened.database, 'SELECT x FROM t')).toEqual([3]);
    },
  },
];

/** The needs of a database with one connection: everything SQLite does with its files. */
import { memoryStorage } from '../../storages/memory/memory.ts';
import { TEN_THOUSAND_ROWS, column } from '../database-queries.ts';
import { type StorageCase, type StorageTestContext, sameBytes, thrownBy } from '../storage-case.ts';

/** Fails when a journal or a log still exists, even an empty one. */
function expectNoJournals(context: StorageTestContext): void {
  for (const role of ['journal', 'wal'] as const) {
    const error = thrownBy(() => context.storage().delete(role, { syncDirectory: false }));
    context.expect(error.code, `${role} file left behind`).toBe('ENOENT');
  }
}

export const databaseCases: readonly StorageCase[] = [
  {
    title: 'database: ten thousand rows are there after reopening, and the file is intact',
    async run(context) {
      const first = await context.database();
      first.database.exec(TEN_THOUSAND_ROWS);
      first.close();
      const { database } = await context.database();
      context.expect(column(database, 'SELECT count(*) FROM t')).toEqual([10_000]);
      context.expect(column(database, "SELECT id FROM t WHERE word = 'word 7919'")).toEqual([1]);
      context.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'database: a commit is in the storage when the call returns',
    async run(context) {
      const { database } = await context.database();
      database.run("CREATE TABLE t(x); INSERT INTO t VALUES ('committed')");
      const image = context.bytes();
      const copy = memoryStorage();
      copy.open('main', { create: true, exclusive: true, readOnly: false }).write(image, 0);
      context
        .expect(column((await context.database({}, copy)).database, 'SELECT x FROM t'))
        .toEqual(['committed']);
    },
  },
  {
    title: 'database: a rolled back transaction leaves nothing, even after a cache spill',
    async run(context) {
      const { database } = await context.database();
      database.exec(TEN_THOUSAND_ROWS);
      database.exec('PRAGMA cache_size = 10');
      database.exec("BEGIN; UPDATE t SET word = 'changed'; DELETE FROM t WHERE id > 100; ROLLBACK");
      context.expect(column(database, 'SELECT count(*) FROM t')).toEqual([10_000]);
      context.expect(column(database, "SELECT count(*) FROM t WHERE word = 'changed'")).toEqual([0]);
      context.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'database: VACUUM shrinks the file and keeps the rows',
    async run(context) {
      const opened = await context.database();
      opened.database.exec(TEN_THOUSAND_ROWS);
      const sizeBeforeBytes = opened.sizeBytes();
      opened.database.exec('DELETE FROM t WHERE id > 100; VACUUM');
      context.expect(opened.sizeBytes()).toBeLessThan(sizeBeforeBytes / 10);
      context.expect(context.bytes().length).toBe(opened.sizeBytes());
      context.expect(column(opened.database, 'SELECT count(*) FROM t')).toEqual([100]);
      context.expect(column(opened.database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'database: every page size works and survives reopening',
    async run(context) {
      for (const pageSizeBytes of [512, 1024, 4096, 65_536]) {
        const { database } = await context.database();
        database.exec(`PRAGMA page_size = ${pageSizeBytes}; VACUUM; DROP TABLE IF EXISTS t;`);
        database.exec(TEN_THOUSAND_ROWS);
        database.close();
        const again = await context.database();
        context.expect(column(again.database, 'PRAGMA page_size')).toEqual([pageSizeBytes]);
        context.expect(column(again.database, 'PRAGMA integrity_check')).toEqual(['ok']);
        again.close();
      }
    },
  },
  {
    title: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
    async run(context) {
      const { database } = await context.database();
      database.exec(
        'PRAGMA page_size = 65536; PRAGMA synchronous = OFF; CREATE TABLE t(id INTEGER PRIMARY KEY, filler BLOB)',
      );
      for (let id = 1; id <= 2; id++) database.exec(`INSERT INTO t VALUES (${id}, zeroblob(540000000))`);
      database.run("INSERT INTO t VALUES (3, 'beyond')");
      database.close();
      const again = await context.database();
      context.expect(again.sizeBytes()).toBeGreaterThan(2 ** 30 + 65_536);
      context.expect(column(again.database, 'SELECT filler FROM t WHERE id = 3')).toEqual(['beyond']);
      context.expect(column(again.database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'database: closing leaves no journal, not even an empty one',
    async run(context) {
      for (const exclusive of [false, true]) {
        const opened = await context.database({ exclusive });
        opened.database.exec('CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES (1)');
        opened.close();
        expectNoJournals(context);
      }
    },
  },
  {
    title: 'database: closing with an open transaction rolls it back and leaves no journal',
    async run(context) {
      for (const exclusive of [false, true]) {
        const opened = await context.database({ exclusive });
        opened.database.exec('CREATE TABLE IF NOT EXISTS t(x); BEGIN; INSERT INTO t VALUES (1)');
        opened.close();
        expectNoJournals(context);
        const again = await context.database();
        context.expect(column(again.database, 'SELECT x FROM t')).toEqual([]);
        again.close();
      }
    },
  },
  {
    title: 'database: closing with an unfinished statement leaves an ordinary file and no journal',
    async run(context) {
      for (const exclusive of [false, true]) {
        const opened = await context.database({ exclusive });
        opened.database.exec('CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES (1), (2)');
        opened.database.prepare('SELECT x FROM t').step();
        opened.close();
        expectNoJournals(context);
        const again = await context.database();
        context.expect(again.journalMode).toBe('truncate');
        again.close();
      }
    },
  },
  {
    title: "database: sql.js's close() also closes the storage, and closing twice does nothing",
    async run(context) {
      const opened = await context.database();
      opened.database.exec('CREATE TABLE t(x)');
      opened.database.close();
      opened.close();
      opened.close();
      expectNoJournals(context);
      context.expect(thrownBy(() => opened.sizeBytes()).code).toBe('CLOSED');
      context.expect(thrownBy(() => opened.exportImage()).code).toBe('CLOSED');
    },
  },
  {
    title: 'database: `exclusive` uses a log, and closing leaves an ordinary file',
    async run(context) {
      const owner = await context.database({ exclusive: true, synchronous: 'normal' });
      context.expect(owner.journalMode).toBe('wal');
      owner.database.exec(TEN_THOUSAND_ROWS);
      owner.database.run("UPDATE t SET word = 'changed' WHERE id <= 50");
      owner.close();
      const again = await context.database();
      context.expect(again.journalMode).toBe('truncate');
      context.expect(column(again.database, "SELECT count(*) FROM t WHERE word = 'changed'")).toEqual([50]);
      context.expect(column(again.database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'database: temporary tables, sorts and in-memory databases never touch the storage',
    async run(context) {
      const { database } = await context.database();
      database.exec(TEN_THOUSAND_ROWS);
      const before = context.bytes();
      database.exec(
        'CREATE TEMP TABLE s AS SELECT * FROM t ORDER BY filler; CREATE INDEX temp.s_filler ON s(filler)',
      );
      database.exec("ATTACH ':memory:' AS m; CREATE TABLE m.c AS SELECT * FROM t; DETACH m");
      context.expect(sameBytes(context.bytes(), before)).toBe(true);
      context.expect(column(database, 'SELECT count(*) FROM s')).toEqual([10_000]);
    },
  },
  {
    title: 'database: a constraint error keeps its message, has result code 19 and no cause',
    async run(context) {
      const { database } = await context.database();
      database.exec('CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES (1)');
      const error = thrownBy(() => database.run('INSERT INTO t VALUES (1)'));
      context.expect(error.name).toBe('SqliteError');
      context.expect(error.resultCode).toBe(19);
      context.expect(error.message).toMatch(/UNIQUE constraint failed: t\.x/);
      context.expect(error.cause).toBe(undefined);
    },
  },
];

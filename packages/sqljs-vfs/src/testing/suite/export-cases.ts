/** Exported images, and copies from one database to another. */
import { memoryStorage } from '../../storages/memory/memory.ts';
import { TEN_THOUSAND_ROWS, column } from '../database-queries.ts';
import { type StorageCase, thrownBy } from '../storage-case.ts';

export const exportCases: readonly StorageCase[] = [
  {
    title: 'database: an exported image contains the latest commit and opens elsewhere',
    async run(context) {
      for (const exclusive of [false, true]) {
        const opened = await context.database({ exclusive });
        opened.database.exec('DROP TABLE IF EXISTS t');
        opened.database.exec(TEN_THOUSAND_ROWS);
        opened.database.run("UPDATE t SET word = 'latest' WHERE id = 1");
        const elsewhere = memoryStorage();
        elsewhere
          .open('main', { create: true, exclusive: true, readOnly: false })
          .write(opened.exportImage(), 0);
        opened.close();
        const { database } = await context.database({}, elsewhere);
        context.expect(column(database, 'SELECT count(*) FROM t')).toEqual([10_000]);
        context.expect(column(database, 'SELECT word FROM t WHERE id = 1')).toEqual(['latest']);
        context.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
      }
    },
  },
  {
    title: 'database: the image of an empty database is empty',
    async run(context) {
      context.expect((await context.database()).exportImage().length).toBe(0);
    },
  },
  {
    title: "database: statements and pragmas survive sql.js's export()",
    async run(context) {
      const { database } = await context.database();
      database.exec(
        'CREATE TABLE t(x); INSERT INTO t VALUES (1), (2); PRAGMA foreign_keys = ON; PRAGMA cache_size = 77',
      );
      const statement = database.prepare('SELECT x FROM t ORDER BY x');
      statement.step();
      context.expect(database.export().length).toBeGreaterThan(4096);
      context.expect(statement.step()).toBe(true);
      context.expect(statement.get()).toEqual([2]);
      statement.free();
      context.expect(column(database, 'PRAGMA foreign_keys')).toEqual([1]);
      context.expect(column(database, 'PRAGMA cache_size')).toEqual([77]);
    },
  },
  {
    title: 'database: an export during a transaction is refused, and the transaction goes on',
    async run(context) {
      for (const exclusive of [false, true]) {
        const opened = await context.database({ exclusive });
        opened.database.exec(
          'CREATE TABLE IF NOT EXISTS t(x); DELETE FROM t; BEGIN; INSERT INTO t VALUES (1)',
        );
        context.expect(thrownBy(() => opened.exportImage()).code).toBe('IN_TRANSACTION');
        opened.database.run('COMMIT');
        context.expect(column(opened.database, 'SELECT x FROM t')).toEqual([1]);
        context.expect(opened.exportImage().length).toBeGreaterThan(0);
        opened.close();
      }
    },
  },
  {
    title: 'database: a copy replaces everything in one transaction, for other connections too',
    async run(context) {
      const target = await context.database();
      target.database.exec('CREATE TABLE old(x); INSERT INTO old VALUES (1)');
      const other = await context.database();
      context.expect(column(other.database, 'SELECT x FROM old')).toEqual([1]);
      const source = await context.database({}, memoryStorage());
      source.database.exec(TEN_THOUSAND_ROWS);
      other.database.run('BEGIN IMMEDIATE');
      const refused: unknown = await target.copyFrom(source).catch((error: unknown) => error);
      context.expect((refused as { resultCode?: unknown }).resultCode).toBe(5);
      other.database.run('COMMIT');
      context.expect(column(target.database, 'SELECT x FROM old')).toEqual([1]);
      other.database.exec('BEGIN; SELECT x FROM old');
      const copying = target.copyFrom(source, { busyDeadlineMs: 30_000 });
      other.database.run('COMMIT');
      await copying;
      for (const { database } of [target, other]) {
        context
          .expect(column(database, 'SELECT name FROM sqlite_schema ORDER BY 1'))
          .toEqual(['t', 't_word']);
        context.expect(column(database, 'SELECT count(*) FROM t')).toEqual([10_000]);
        context.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
      }
    },
  },
];

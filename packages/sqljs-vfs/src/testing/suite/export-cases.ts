/** A database as bytes, and a database copied into another. */
import { memoryStorage } from '../../storages/memory/memory.ts';
import { TEN_THOUSAND_ROWS, column } from '../database-queries.ts';
import { type StorageCase, thrownBy } from '../storage-case.ts';

export const exportCases: readonly StorageCase[] = [
  {
    title: 'database: an exported image opens elsewhere, with the latest commit in it',
    async run(scene) {
      for (const exclusive of [false, true]) {
        const opened = await scene.database({ exclusive });
        opened.database.exec('DROP TABLE IF EXISTS t');
        opened.database.exec(TEN_THOUSAND_ROWS);
        opened.database.run("UPDATE t SET word = 'latest' WHERE id = 1");
        const elsewhere = memoryStorage();
        elsewhere
          .open('main', { create: true, exclusive: true, readOnly: false })
          .write(opened.exportImage(), 0);
        opened.close();
        const { database } = await scene.database({}, elsewhere);
        scene.expect(column(database, 'SELECT count(*) FROM t')).toEqual([10_000]);
        scene.expect(column(database, 'SELECT word FROM t WHERE id = 1')).toEqual(['latest']);
        scene.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
      }
    },
  },
  {
    title: 'database: the image of an empty database is empty',
    async run(scene) {
      scene.expect((await scene.database()).exportImage().length).toBe(0);
    },
  },
  {
    title: "database: statements and pragmas survive sql.js's export()",
    async run(scene) {
      const { database } = await scene.database();
      database.exec(
        'CREATE TABLE t(x); INSERT INTO t VALUES (1), (2); PRAGMA foreign_keys = ON; PRAGMA cache_size = 77',
      );
      const statement = database.prepare('SELECT x FROM t ORDER BY x');
      statement.step();
      scene.expect(database.export().length).toBeGreaterThan(4096);
      scene.expect(statement.step()).toBe(true);
      scene.expect(statement.get()).toEqual([2]);
      statement.free();
      scene.expect(column(database, 'PRAGMA foreign_keys')).toEqual([1]);
      scene.expect(column(database, 'PRAGMA cache_size')).toEqual([77]);
    },
  },
  {
    title: 'database: an open transaction is not exported, and is not disturbed',
    async run(scene) {
      for (const exclusive of [false, true]) {
        const opened = await scene.database({ exclusive });
        opened.database.exec(
          'CREATE TABLE IF NOT EXISTS t(x); DELETE FROM t; BEGIN; INSERT INTO t VALUES (1)',
        );
        scene.expect(thrownBy(() => opened.exportImage()).code).toBe('IN_TRANSACTION');
        opened.database.run('COMMIT');
        scene.expect(column(opened.database, 'SELECT x FROM t')).toEqual([1]);
        scene.expect(opened.exportImage().length).toBeGreaterThan(0);
        opened.close();
      }
    },
  },
  {
    title:
      'database: copying from another database replaces everything, in one step and for other connections too',
    async run(scene) {
      const target = await scene.database();
      target.database.exec('CREATE TABLE old(x); INSERT INTO old VALUES (1)');
      const other = await scene.database();
      scene.expect(column(other.database, 'SELECT x FROM old')).toEqual([1]);
      const source = await scene.database({}, memoryStorage());
      source.database.exec(TEN_THOUSAND_ROWS);
      other.database.run('BEGIN IMMEDIATE');
      scene.expect(thrownBy(() => target.copyFrom(source)).resultCode).toBe(5);
      other.database.run('COMMIT');
      scene.expect(column(target.database, 'SELECT x FROM old')).toEqual([1]);
      target.copyFrom(source);
      for (const { database } of [target, other]) {
        scene.expect(column(database, 'SELECT name FROM sqlite_schema ORDER BY 1')).toEqual(['t', 't_word']);
        scene.expect(column(database, 'SELECT count(*) FROM t')).toEqual([10_000]);
        scene.expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
      }
    },
  },
];

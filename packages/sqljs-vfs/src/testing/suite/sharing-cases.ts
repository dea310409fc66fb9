/** Two connections to one database. */
import { isBusy } from '../../errors.ts';
import { TEN_THOUSAND_ROWS, column } from '../database-queries.ts';
import { type StorageCase, rejectionOf, thrownBy } from '../storage-case.ts';

export const sharingCases: readonly StorageCase[] = [
  {
    title: "sharing: each connection sees the other's commits",
    async run(context) {
      const one = await context.database();
      const other = await context.database();
      one.database.run('CREATE TABLE t(x)');
      for (let round = 1; round <= 5; round++) {
        one.database.run('INSERT INTO t VALUES (?)', [round]);
        context.expect(column(other.database, 'SELECT max(x) FROM t')).toEqual([round]);
        other.database.run('INSERT INTO t VALUES (?)', [round + 0.5]);
        context.expect(column(one.database, 'SELECT max(x) FROM t')).toEqual([round + 0.5]);
      }
      context.expect(column(one.database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'sharing: the change counter grows with the commits of both connections, and only then',
    async run(context) {
      const one = await context.database();
      const other = await context.database();
      context.expect(one.changeCounter()).toBe(0);
      one.database.run('CREATE TABLE t(x)');
      const created = one.changeCounter();
      context.expect(created).toBeGreaterThan(0);
      context.expect(other.changeCounter()).toBe(created);
      column(other.database, 'SELECT x FROM t');
      context.expect(other.changeCounter()).toBe(created);
      other.database.run('INSERT INTO t VALUES (1)');
      context.expect(one.changeCounter()).toBeGreaterThan(created);
    },
  },
  {
    title: 'sharing: a second writer gets SQLITE_BUSY without a cause, and succeeds later',
    async run(context) {
      const one = await context.database();
      const other = await context.database();
      one.database.run('CREATE TABLE t(x)');
      one.database.run('BEGIN IMMEDIATE');
      one.database.run('INSERT INTO t VALUES (1)');
      const error = thrownBy(() => other.database.run('INSERT INTO t VALUES (2)'));
      context.expect(error.name).toBe('SqliteError');
      context.expect(error.resultCode).toBe(5);
      context.expect(isBusy(error)).toBe(true);
      context.expect(error.cause).toBe(undefined);
      one.database.run('COMMIT');
      other.database.run('INSERT INTO t VALUES (2)');
      context.expect(column(one.database, 'SELECT x FROM t ORDER BY x')).toEqual([1, 2]);
    },
  },
  {
    title: 'sharing: a commit waits for a read transaction, which keeps its snapshot',
    async run(context) {
      const writer = await context.database();
      const reader = await context.database();
      writer.database.run('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
      reader.database.run('BEGIN');
      context.expect(column(reader.database, 'SELECT count(*) FROM t')).toEqual([1]);
      writer.database.run('BEGIN IMMEDIATE');
      writer.database.run('INSERT INTO t VALUES (2)');
      context.expect(thrownBy(() => writer.database.run('COMMIT')).resultCode).toBe(5);
      context.expect(column(reader.database, 'SELECT count(*) FROM t')).toEqual([1]);
      reader.database.run('COMMIT');
      writer.database.run('COMMIT');
      context.expect(column(reader.database, 'SELECT count(*) FROM t')).toEqual([2]);
    },
  },
  {
    title: 'sharing: an export of a busy file leaves no transaction open',
    async run(context) {
      const writer = await context.database();
      const exporter = await context.database();
      writer.database.run('CREATE TABLE t(x)');
      writer.database.run('BEGIN EXCLUSIVE');
      context.expect(isBusy(thrownBy(() => exporter.exportImage()))).toBe(true);
      writer.database.run('COMMIT');
      context.expect(exporter.exportImage()).toEqual(context.bytes());
      exporter.database.run('BEGIN; INSERT INTO t VALUES (1); COMMIT');
    },
  },
  {
    title: 'sharing: closing succeeds during the transaction of another connection, which goes on',
    async run(context) {
      const writer = await context.database();
      const leaver = await context.database();
      writer.database.exec(TEN_THOUSAND_ROWS);
      writer.database.exec("PRAGMA cache_size = 10; BEGIN; UPDATE t SET word = 'half way'");
      leaver.close();
      writer.database.run('ROLLBACK');
      context.expect(column(writer.database, "SELECT count(*) FROM t WHERE word = 'half way'")).toEqual([0]);
      context.expect(column(writer.database, 'PRAGMA integrity_check')).toEqual(['ok']);
    },
  },
  {
    title: 'sharing: an exclusive owner keeps other connections out until it closes',
    async run(context) {
      const owner = await context.database({ exclusive: true });
      owner.database.run('CREATE TABLE t(x)');
      context.expect(isBusy(await rejectionOf(context.database()))).toBe(true);
      context.expect(isBusy(await rejectionOf(context.database({ exclusive: true })))).toBe(true);
      owner.close();
      (await context.database()).database.run('INSERT INTO t VALUES (1)');
    },
  },
  {
    title: 'sharing: opening with `exclusive` waits for the transactions of other connections',
    async run(context) {
      const user = await context.database();
      user.database.run('CREATE TABLE t(x)');
      user.database.run('BEGIN; INSERT INTO t VALUES (1)');
      const owner = context.database({ exclusive: true, busyDeadlineMs: 10_000 });
      const waited = await Promise.race([
        owner,
        new Promise((resolve) => setTimeout(resolve, 60, 'waiting')),
      ]);
      context.expect(waited).toBe('waiting');
      user.database.run('COMMIT');
      context.expect(column((await owner).database, 'SELECT x FROM t')).toEqual([1]);
    },
  },
];

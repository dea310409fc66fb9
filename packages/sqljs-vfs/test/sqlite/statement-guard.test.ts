/** The authorizer and the progress handler that sql.js does not export. */
import { expect, it } from 'vitest';
import { memoryStorage, openDatabase } from '../../src/index.ts';
import { loadSqlJs, type SqlJs } from '../../src/sqlite/load-sqljs.ts';
import { withStatementGuard } from '../../src/sqlite/statement-guard.ts';
import { thrownBy } from '../../src/testing/storage-case.ts';

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

it('ends a statement that would run for ever, refuses what the guard refuses, and is gone afterwards', async () => {
  const durable = await openDatabase(memoryStorage());
  const { database } = durable;
  database.exec('CREATE TABLE t (a)');
  const seen: unknown[][] = [];
  let asked = 0;
  const guard = {
    authorize: (...action: unknown[]) => seen.push(action) > 0 && action[0] !== 9,
    shouldStop: () => (asked += 1) > 3,
  };
  expect(thrownBy(() => durable.guarded(guard, () => database.exec(ENDLESS)))).toMatchObject({
    name: 'SqliteError',
    resultCode: 9,
  });
  expect(asked).toBe(4);
  seen.length = 0;
  durable.guarded({ ...guard, shouldStop: () => false }, () => database.exec('SELECT a FROM t'));
  expect(seen).toEqual([
    [21, undefined, undefined],
    [20, 't', 'a'],
  ]);
  const remove = (): unknown => durable.guarded(guard, () => database.exec('DELETE FROM t'));
  expect(thrownBy(remove)).toMatchObject({ name: 'SqliteError', resultCode: 23 });
  asked = 0;
  database.exec(ENDLESS.replace('FROM n)', 'FROM n LIMIT 50000)'));
  database.exec('DELETE FROM t');
  expect(asked).toBe(0);
  durable.close();
});

it('refuses an sql.js with another layout of connections', async () => {
  const sqlJs = await loadSqlJs();
  const database = new sqlJs.module.Database();
  const guard = { authorize: () => true, shouldStop: () => false };
  class OtherLayout {
    readonly db = sqlJs.module._malloc(1024);
    exec(): void {}
    close(): void {}
  }
  const addFunction = sqlJs.module.addFunction.bind(sqlJs.module);
  const other = { ...sqlJs, module: { addFunction, Database: OtherLayout } } as unknown as SqlJs;
  expect(thrownBy(() => withStatementGuard(other, database, guard, () => 1))).toMatchObject({
    name: 'VfsError',
    code: 'UNSUPPORTED_SQLJS',
  });
  expect(withStatementGuard(sqlJs, database, guard, () => 1)).toBe(1);
  database.close();
});

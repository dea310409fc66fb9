/** Values that are bound by their bytes are stored as those that sql.js binds, and what cannot be is left to sql.js. */
import { expect, it } from 'vitest';
import {
  memoryStorage,
  openDatabase,
  ResultCode,
  SqliteError,
  type DurableDatabase,
  type RawValue,
} from '../../src/index.ts';

const INSERT = 'INSERT INTO t VALUES (?, ?)';

async function open(columns: string = 'name UNIQUE, value'): Promise<DurableDatabase> {
  const opened = await openDatabase(memoryStorage());
  opened.database.exec(`CREATE TABLE t (${columns})`);
  return opened;
}

const storedIn = ({ database }: DurableDatabase): unknown =>
  database.exec('SELECT name, typeof(value), quote(value), hex(value) FROM t ORDER BY name')[0]?.values;

it('stores every kind of value as sql.js does', async () => {
  const values: Record<string, RawValue> = {
    null: null,
    zero: 0,
    negative: -5,
    'beyond 31 bits': 2 ** 40,
    half: 0.5,
    infinite: Infinity,
    bigint: 2n ** 62n,
    empty: '',
    'empty BLOB': new Uint8Array(),
    BLOB: Uint8Array.of(0, 255, 0),
    NUL: 'a\0b',
    short: 'abc',
    'short beyond ASCII': 'aé中😀',
    long: 'x'.repeat(5000),
    'long beyond ASCII': '中😀'.repeat(2000),
    'largest text': 'y'.repeat(64 * 1024 - 100),
  };
  const [raw, usual] = [await open('name, value INTEGER'), await open('name, value INTEGER')];
  const statement = raw.prepareRaw(INSERT);
  for (const [name, value] of Object.entries(values)) {
    expect(statement.run([name, value]), name).toBe(1);
    usual.database.run(INSERT, [name, value] as never);
  }
  statement.finalize();
  expect(storedIn(raw)).toEqual(storedIn(usual));
  raw.close();
  usual.close();
});

it('binds no half of a surrogate pair, and no values that are too large together; the statement goes on', async () => {
  const opened = await open();
  const statement = opened.prepareRaw(INSERT);
  for (const value of ['\ud800', 'é'.repeat(100) + '\udfff', 'x'.repeat(70_000), new Uint8Array(200_000)]) {
    expect(statement.run(['refused', value])).toBeUndefined();
  }
  expect(statement.run(['next', 'y'.repeat(60_000)])).toBe(1);
  expect(statement.run(['last', null])).toBe(1);
  statement.finalize();
  expect(opened.database.exec('SELECT name, length(value) FROM t')[0]?.values).toEqual([
    ['next', 60_000],
    ['last', null],
  ]);
  opened.close();
});

it('fails with the result code and the message of SQLite, and goes on', async () => {
  const opened = await open();
  const statement = opened.prepareRaw(INSERT);
  statement.run(['a', 1]);
  const failing = (): unknown => statement.run(['a', 2]);
  expect(failing).toThrow(SqliteError);
  expect(failing).toThrow(/UNIQUE constraint failed: t.name/);
  expect(failing).toThrow(expect.objectContaining({ resultCode: ResultCode.CONSTRAINT }) as Error);
  expect(statement.run(['b', 2])).toBe(1);
  statement.finalize();
  const ignoring = opened.prepareRaw(`${INSERT} ON CONFLICT DO NOTHING`);
  expect([ignoring.run(['a', 3]), ignoring.run(['c', 3])]).toEqual([0, 1]);
  ignoring.finalize();
  expect(() => opened.prepareRaw('INSERT INTO missing VALUES (1)')).toThrow(/no such table/);
  opened.close();
});

it('follows the memory of SQLite when it grows', async () => {
  const opened = await open();
  const statement = opened.prepareRaw('INSERT INTO t VALUES (?, zeroblob(100000))');
  const names = Array.from({ length: 500 }, (_, index) => `row ${index} ${'é'.repeat(50)}`);
  for (const name of names) statement.run([name]);
  statement.finalize();
  expect(opened.database.exec('SELECT name FROM t ORDER BY rowid')[0]?.values.flat()).toEqual(names);
  opened.close();
});

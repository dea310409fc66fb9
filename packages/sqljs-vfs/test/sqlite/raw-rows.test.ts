import { expect, it } from 'vitest';
import { Datatype, memoryStorage, openDatabase } from '../../src/index.ts';

it('reads the bytes of every kind of value', async () => {
  const db = await openDatabase(memoryStorage());
  const read: unknown[] = [];
  db.eachRow(
    `SELECT 7, 9007199254740993, -9223372036854775808, 0.5, 'é' || char(0) || 'x', x'00ff', NULL, '', CAST(x'6180' AS TEXT),
       ?, ?, ?`,
    [1, 2.5, 'a'],
    (row) => {
      const types = Array.from({ length: 12 }, (_, column) => row.type(column));
      expect(types).toEqual([1, 1, 1, 2, 3, 4, 5, 3, 3, 1, 2, 3]);
      read.push(row.integer(0), row.integer(1), row.integer(2), row.number(3), row.text(4));
      read.push(row.bytes(4).slice(), row.bytes(5).slice(), row.bytes(6).length, row.text(7));
      read.push(row.text(8), row.bytes(8).slice(), row.number(10), row.text(11));
    },
  );
  expect(read).toEqual([
    7,
    9007199254740993n,
    -9223372036854775808n,
    0.5,
    'é\0x',
    Uint8Array.of(0xc3, 0xa9, 0, 0x78),
    Uint8Array.of(0, 0xff),
    0,
    '',
    'a\ufffd',
    Uint8Array.of(0x61, 0x80),
    2.5,
    'a',
  ]);
  db.close();
});

it('reads on when SQLite takes more memory, and runs other statements between two rows', async () => {
  const db = await openDatabase(memoryStorage());
  db.database.exec('CREATE TABLE t (n, b)');
  const sizes = [10, 40_000_000, 20];
  for (const size of sizes) db.database.run('INSERT INTO t VALUES (?, zeroblob(?))', [size, size]);
  const seen: [number, number, unknown][] = [];
  db.eachRow('SELECT n, b FROM t ORDER BY rowid', [], (row) => {
    const bytes = row.bytes(1).length;
    const [other] = db.database.exec('SELECT count(*) FROM t');
    seen.push([row.number(0), bytes, other?.values[0]?.[0]]);
  });
  expect(seen).toEqual(sizes.map((size) => [size, size, 3]));
  db.close();
});

it('fails with the error of SQLite, and leaves no statement open', async () => {
  const db = await openDatabase(memoryStorage());
  const none = (): void => undefined;
  expect(() => db.eachRow('SELECT * FROM missing', [], none)).toThrow(/no such table/);
  const overflow = 'SELECT abs(-9223372036854775808)';
  expect(() => db.eachRow(overflow, [], none)).toThrow(/integer overflow/);
  const ended = (): never => {
    throw new Error('enough');
  };
  expect(() => db.eachRow('SELECT 1 UNION ALL SELECT 2', [], ended)).toThrow('enough');
  // VACUUM is refused while a statement is open.
  db.database.exec('CREATE TABLE t (n); VACUUM');
  db.close();
  expect(() => db.eachRow('SELECT 1', [], none)).toThrow(/closed/);
  expect(Datatype.NULL).toBe(5);
});

it('copies the bytes of a value where there is room, and compares those of two', async () => {
  const db = await openDatabase(memoryStorage());
  const long = 'é'.repeat(100);
  db.eachRow(`SELECT 'abc', x'616263', 'abd', '', NULL, ?, 'ab'`, [long], (row) => {
    const target = new Uint8Array(210).fill(1);
    expect([row.copyTo(0, target, 2), row.copyTo(3, target, 210), row.copyTo(4, target, 0)]).toEqual([
      3, 0, 0,
    ]);
    expect([...target.subarray(0, 6)]).toEqual([1, 1, 97, 98, 99, 1]);
    expect(row.copyTo(5, target, 11)).toBe(200);
    expect(target[11]).toBe(1);
    expect(row.copyTo(5, target, 10)).toBe(200);
    expect(new TextDecoder().decode(target.subarray(10))).toBe(long);
    expect([1, 2, 3, 6].map((column) => row.hasSameBytes(0, column))).toEqual([true, false, false, false]);
    expect(row.hasSameBytes(3, 4)).toBe(true);
  });
  db.close();
});

/** Database files of every page size, encoding and vacuum mode work in both directions. */
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { nativeSqlite, temporaryFolder } from './child-process.ts';

interface Format {
  readonly name: string;
  readonly pragma: string;
  readonly value: string | number;
}

const FORMATS: readonly Format[] = [
  ...[512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536].map((sizeBytes) => ({
    name: `pages of ${sizeBytes} bytes`,
    pragma: 'page_size',
    value: sizeBytes,
  })),
  { name: 'UTF-16, little end first', pragma: 'encoding', value: 'UTF-16le' },
  { name: 'UTF-16, big end first', pragma: 'encoding', value: 'UTF-16be' },
  { name: 'full auto_vacuum', pragma: 'auto_vacuum', value: 1 },
  { name: 'incremental auto_vacuum', pragma: 'auto_vacuum', value: 2 },
];

const TABLES = `
  CREATE TABLE words(id INTEGER PRIMARY KEY, word TEXT);
  CREATE TABLE pairs(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
  CREATE INDEX words_word ON words(word);`;

/** Long values, so that overflow pages and a deeper tree come into it. */
const rowsFrom = (first: number): string => `
  WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${first} + 499)
  INSERT INTO words SELECT i, 'wörd ☃ ' || i FROM n;
  WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${first} + 499)
  INSERT INTO pairs SELECT 'key ' || i, zeroblob(i * 7 % 3000) FROM n;`;

const CONTENT = `
  SELECT count(*) || ' ' || sum(word = 'wörd ☃ ' || id) FROM words;
  SELECT count(*) || ' ' || sum(length(value) = substr(key, 5) * 7 % 3000) FROM pairs;`;

/** Counts rows and checks integrity with native `sqlite3`. */
function nativeReport(file: string): string {
  return nativeSqlite(file, CONTENT, 'PRAGMA integrity_check');
}

const intactWith = (rows: number): string => `${rows} ${rows}\n${rows} ${rows}\nok`;

describe.each(FORMATS)('$name', ({ pragma, value }) => {
  const format = `PRAGMA ${pragma} = '${value}';`;

  it.each(['native sqlite3', 'better-sqlite3'])(
    'a file made by %s is opened and extended by sqljs-vfs',
    async (maker) => {
      const file = path.join(temporaryFolder(), 'made.db');
      const script = `${format} ${TABLES} ${rowsFrom(1)}`;
      if (maker === 'better-sqlite3') new Database(file).exec(script).close();
      else nativeSqlite(file, script);
      const opened = await openDatabase(fileStorage(file));
      opened.database.exec(rowsFrom(501));
      opened.database.exec(
        "DELETE FROM pairs WHERE key LIKE 'key 1%'; DELETE FROM words WHERE id BETWEEN 100 AND 199",
      );
      opened.database.exec('PRAGMA incremental_vacuum; DELETE FROM words; DELETE FROM pairs');
      opened.database.exec(rowsFrom(1) + rowsFrom(501));
      opened.close();
      expect(nativeReport(file)).toBe(intactWith(1000));
    },
  );

  it('a file made by sqljs-vfs is read and extended by better-sqlite3', async () => {
    const file = path.join(temporaryFolder(), 'ours.db');
    const opened = await openDatabase(fileStorage(file));
    opened.database.exec(`${format} ${TABLES} ${rowsFrom(1)}`);
    opened.close();
    const database = new Database(file);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.prepare('SELECT word FROM words WHERE id = 7').pluck().get()).toBe('wörd ☃ 7');
    expect(database.pragma(pragma, { simple: true })).toBe(value);
    database.exec(rowsFrom(501));
    database.close();
    expect(nativeReport(file)).toBe(intactWith(1000));
  });
});

it('an exclusive connection keeps other programs out until it closes; then they read the file', async () => {
  const file = path.join(temporaryFolder(), 'exclusive.db');
  const owner = await openDatabase(fileStorage(file), { exclusive: true });
  owner.database.exec(TABLES + rowsFrom(1));
  const database = new Database(file, { timeout: 0 });
  expect(() => database.prepare('SELECT count(*) FROM words')).toThrow(/locked/);
  database.close();
  owner.database.exec(rowsFrom(501));
  owner.close();
  expect(nativeReport(file)).toBe(intactWith(1000));
});

/** A lookup in a large file reads a few pages. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { countingStorage } from '@ggen-sim/sqljs-vfs/testing';
import { nativeSqlite, temporaryFolder } from './child-process.ts';

const ROWS = 400_000;
const PAGE_SIZE_BYTES = 4096;
const MIB = 2 ** 20;

const BIG = `
  PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA page_size = ${PAGE_SIZE_BYTES};
  CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT, filler BLOB);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  INSERT INTO t SELECT i, 'word ' || i, zeroblob(500) FROM n;
  CREATE INDEX t_word ON t(word);`;

it('opening a file of 200 MB, one look-up by an index and closing read a few pages', async () => {
  const file = path.join(temporaryFolder(), 'big.db');
  nativeSqlite(file, BIG);
  const counting = countingStorage(fileStorage(file));
  const { counts } = counting;
  const opened = await openDatabase(counting.storage);
  expect(opened.sizeBytes()).toBeGreaterThan(200 * MIB);
  const found = opened.database.exec("SELECT id FROM t WHERE word = 'word 271828'");
  expect(found[0]?.values).toEqual([[271_828]]);
  expect(counts.readBytes).toBeLessThan(20 * PAGE_SIZE_BYTES);
  expect(counts.writtenBytes).toBe(0);

  counting.reset();
  opened.database.run("UPDATE t SET filler = x'00' WHERE id = 31415");
  expect(counts.readBytes + counts.writtenBytes).toBeLessThan(40 * PAGE_SIZE_BYTES);

  // The control: the counter does see it when everything is read.
  counting.reset();
  opened.database.exec('SELECT sum(length(filler)) FROM t NOT INDEXED');
  expect(counts.readBytes).toBeGreaterThan(200 * MIB);
  opened.close();
});

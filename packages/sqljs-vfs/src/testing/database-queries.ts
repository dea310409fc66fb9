import type { SqlJsDatabase } from '../sqlite/sqljs-types.ts';

/** Returns the first column of a query's rows. */
export function column(database: SqlJsDatabase, query: string): unknown[] {
  return (database.exec(query)[0]?.values ?? []).map((row) => row[0]);
}

/** SQL that stores ten thousand rows with an index: slightly more than a megabyte. */
export const TEN_THOUSAND_ROWS = `
  CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT, filler BLOB);
  CREATE INDEX t_word ON t(word);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
  INSERT INTO t SELECT i, 'word ' || (i * 7919 % 10007), randomblob(50 + i % 100) FROM n;`;

/** Sizes of rows, by which memory stays bounded however large the rows of another program are. SQLite reads no values for them. */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import type { StoredTable } from '../tables/table.ts';

/** True when there are more rows after a rowid than a number, or they have more bytes. */
export function isMoreThan(
  connection: SqliteConnection,
  { name, columns }: StoredTable,
  after: Rowid,
  { rows, sizeBytes }: { readonly rows: number; readonly sizeBytes: number },
): boolean {
  const bytesOfRow = columns.map(({ column }) => `coalesce(octet_length(${column}), 0)`).join(' + ');
  const sizes = `SELECT ${bytesOfRow} AS bytes FROM ${name} WHERE rowid > ? LIMIT ?`;
  const [count, bytes] =
    connection.get(`SELECT count(*), sum(bytes) FROM (${sizes})`, [after, rows + 1]) ?? [];
  return Number(count) > rows || Number(bytes) > sizeBytes;
}

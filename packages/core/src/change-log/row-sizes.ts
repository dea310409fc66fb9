/** Sizes of rows, by which memory stays bounded however large the rows of another program are. SQLite reads no values for them. */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import type { StoredTable } from '../tables/table.ts';

/** True when there are more rows after a rowid than a number, or they have more bytes. */
export function isMoreThan(
  connection: SqliteConnection,
  table: StoredTable,
  after: Rowid,
  { rows, sizeBytes }: { readonly rows: number; readonly sizeBytes: number },
): boolean {
  const [count, bytes] =
    connection.get(`SELECT count(*), sum(bytes) FROM (${sizesSql(table)})`, [after, rows + 1]) ?? [];
  return Number(count) > rows || Number(bytes) > sizeBytes;
}

function sizesSql({ name, columns }: StoredTable): string {
  const bytes = columns.map(({ column }) => `coalesce(octet_length(${column}), 0)`).join(' + ');
  return `SELECT ${bytes} AS bytes FROM ${name} WHERE rowid > ? LIMIT ?`;
}

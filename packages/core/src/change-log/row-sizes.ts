/** Sizes of rows, by which memory stays bounded however large the rows of another program are. SQLite reads no values for them. */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import type { StoredTable } from '../tables/table.ts';

/** Bytes of rows that are read at a time. A greater row is read alone. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Rows read at a time. */
const BATCH_ROWS = 500;

/** Counts the rows after a rowid that one batch may hold: at least one. */
export function batchRows(connection: SqliteConnection, table: StoredTable, after: Rowid): number {
  let bytes = 0;
  let rows = 0;
  for (const [size] of connection.all(sizesSql(table, 'ORDER BY rowid'), [after, BATCH_ROWS])) {
    bytes += Number(size);
    if (bytes > BATCH_BYTES) break;
    rows++;
  }
  return Math.max(rows, 1);
}

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

function sizesSql({ name, columns }: StoredTable, order: string = ''): string {
  const bytes = columns.map(({ column }) => `coalesce(octet_length(${column}), 0)`).join(' + ');
  return `SELECT ${bytes} AS bytes FROM ${name} WHERE rowid > ? ${order} LIMIT ?`;
}

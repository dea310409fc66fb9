/**
 * Checks that columns keep what is stored in them. A table that another program made may have a declared type that turns
 * the text `007` into the number 7 (type affinity, https://www.sqlite.org/datatype3.html#type_affinity), or a collating
 * sequence for which `alpha` and `Alpha` are the same id. SQLite itself tells both: EXPLAIN lists them for a comparison.
 */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Column } from '../tables/table.ts';

/** Affinities, as the operand p5 of a comparison names them (`SQLITE_AFF_…` in sqliteInt.h). */
const AFFINITY_MASK = 0x47;
const BLOB_AFFINITY = 0x41;
const TEXT_AFFINITY = 0x42;

/** @returns the first column that changes or confuses values and the reason, or undefined */
export function findLossyColumn(
  connection: SqliteConnection,
  table: string,
  columns: readonly Pick<Column, 'column' | 'holds'>[],
): string | undefined {
  const comparisons = connection
    .explain(`SELECT ${columns.map(({ column }) => `${column} = ?`).join(', ')} FROM ${table}`)
    .filter(({ opcode }) => opcode === 'Eq');
  for (const [index, { column, holds = 'text' }] of columns.entries()) {
    const { p4 = '', p5 = 0 } = comparisons[index] ?? {};
    const affinity = p5 & AFFINITY_MASK;
    if (holds === 'text') {
      if (affinity !== TEXT_AFFINITY && affinity !== BLOB_AFFINITY)
        return `the column ${column} turns text into numbers`;
      // The collating sequence is followed by the encoding: BINARY-8.
      if (!p4.startsWith('BINARY-'))
        return `the column ${column} compares text by ${p4.replace(/-\w+$/, '')}`;
    }
    if (holds === 'number' && affinity === TEXT_AFFINITY)
      return `the column ${column} turns numbers into text`;
  }
  return undefined;
}

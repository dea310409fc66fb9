import type { Persistence, RefusedLine, TableName } from '@ggen-sim/core';

/**
 * Inserts rows under their ids. A row whose id is stored already stays as it is, so that the same events can be stored any
 * number of times.
 * @returns the rows that cannot be stored; their lines count from 1
 */
export async function insertRows(
  database: Persistence,
  table: TableName,
  rows: readonly object[],
): Promise<{ stored: number; refused: RefusedLine[] }> {
  if (rows.length === 0) return { stored: 0, refused: [] };
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
  const input = new Blob(lines).stream();
  const report = await database.importRows({ table, input, ifAbsent: true });
  const refused = report.refusedLines.filter(({ reason }) => !reason.endsWith('is stored already'));
  return { stored: report.rows, refused };
}

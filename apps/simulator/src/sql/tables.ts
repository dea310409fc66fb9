import type { Persistence } from '@ggen-sim/core';

/** A table of the database, for completion. */
export interface TableColumns {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Reads the tables and views of the database with their columns, those of other programs too. */
export async function readTables(persistence: Persistence): Promise<readonly TableColumns[]> {
  const { rows } = await persistence.querySql({
    sql: `SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
           WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
           ORDER BY t.rowid, c.cid`,
    limit: 5000,
  });
  const tables = new Map<string, string[]>();
  for (const [table, column] of rows) {
    const columns = tables.get(String(table)) ?? [];
    columns.push(String(column));
    tables.set(String(table), columns);
  }
  return [...tables].map(([table, columns]) => ({ table, columns }));
}

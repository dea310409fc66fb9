import type { Database, Statement } from 'sql.js';
import type { SqlConnection } from './sql-session.ts';

/** A database of sql.js alone, in memory. Exporting it drops its statements, so they are prepared again after each. */
export function sqlJsConnection(database: Database): SqlConnection & { image(): Uint8Array } {
  let statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  const image = (): Uint8Array => {
    statements = new Map();
    return database.export();
  };
  return {
    image,
    run: (sql, values = []) => prepared(sql).run([...values]),
    all(sql, values = []) {
      const statement = prepared(sql);
      const rows: unknown[] = [];
      statement.bind([...values]);
      while (statement.step()) rows.push(statement.get());
      statement.reset();
      return rows;
    },
    exportImage: async () => image().length,
    close: () => database.close(),
  };
}

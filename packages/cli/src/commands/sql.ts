import { defineCommand, type Command } from '../command.ts';
import { count, flag, repeatedText, sqlText } from '../parameters.ts';
import { CSV_OPTIONS, rowFormat, writeColumns } from '../output/rows.ts';

export const sql: Command = defineCommand({
  name: 'db sql',
  summary: 'Run a query in SQL that only reads',
  notes:
    'A statement that writes, opens another file or is not the only one is refused. The tables are receipts, agent_memory and ' +
    'audit_log. Integers beyond 2^53 are exact, and bytes are {"base64":"..."}, as in every output. While the query runs, ' +
    'other processes cannot save.',
  database: 'existing',
  positionals: {
    sql: sqlText({ placeholder: 'SQL', description: 'one SELECT, VALUES, EXPLAIN or telling PRAGMA' }),
  },
  options: {
    parameter: repeatedText({
      placeholder: 'VALUE',
      description: 'a text for a ? of the query; once for each of them, in order',
    }),
    format: rowFormat(),
    limit: count({ default: 1000, description: 'largest number of rows' }),
    timeout: count({
      default: 10,
      placeholder: 'SECONDS',
      description: 'time after which the query is ended',
    }),
    explain: flag({ description: "print SQLite's query plan instead of the rows" }),
    ...CSV_OPTIONS,
  },
  examples: [
    "ggen-sim db sql 'SELECT status, count(*) AS n FROM receipts GROUP BY status' --format table",
    "ggen-sim db sql 'SELECT * FROM audit_log WHERE agent_id = ?' --parameter agent-1 --format csv",
    "ggen-sim db sql 'SELECT * FROM receipts WHERE agent_id = ?' --parameter agent-1 --explain",
  ],
  async run({ sql: statement, parameter: parameters = [], limit, timeout, explain, ...output }, context) {
    const { columnsOfSqlResult } = await import('@ggen-sim/core');
    await using database = await context.openDatabase();
    // SQLite runs in this thread, so no signal would be heard, and nothing is written.
    context.interruption.endAtOnce();
    const result = await database.querySql({
      sql: statement,
      parameters,
      limit,
      timeoutMs: timeout * 1000,
      explain,
    });
    await writeColumns(result.rows, columnsOfSqlResult(result), output, context);
    if (result.hasMore) context.printNotice(`There are more rows than these ${result.rows.length}.`);
  },
});

import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern } from '../agent-selection.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { count, optionalCount } from '../parameters.ts';
import { CSV_OPTIONS, rowFormat, writeRows } from '../output/rows.ts';
import { AUDIT_FILTERS, CONTINUATION_OPTIONS, filtersOf, ORDER_OPTIONS, orderOf } from '../row-filters.ts';

export const queryAuditTrail: Command = defineCommand({
  name: 'db query-audit-trail',
  summary: 'List audit entries of the last days, newest first',
  database: 'existing',
  positionals: {
    agent: agentPattern(),
    days: optionalCount({
      description: 'number of days, counted back from now (default: 7, unless --since or --until is given)',
    }),
    format: rowFormat(),
  },
  options: {
    limit: count({ default: 1000, description: 'largest number of rows' }),
    ...AGENT_EXACT,
    ...AUDIT_FILTERS,
    ...ORDER_OPTIONS,
    ...CONTINUATION_OPTIONS,
    ...CSV_OPTIONS,
  },
  exclusive: [
    ['order', 'oldestFirst'],
    ['count', 'withCursor'],
    ['count', 'after'],
  ],
  examples: [
    `ggen-sim db query-audit-trail "agent-%" 7 json | jq '.[] | select(.status == "failed")'`,
    'ggen-sim db query-audit-trail "agent-*" 30 csv --limit 10000 > audit_trail.csv',
    "ggen-sim db query-audit-trail --status failed --operation 'validate*' --since 2h --format table",
  ],
  async run({ limit, order, oldestFirst, count: countOnly, after, ...values }, context) {
    const filters = filtersOf(values);
    await using database = await context.openDatabase('brief');
    if (countOnly) {
      await context.stdout.writeLine(String(await database.countAuditTrail(filters)));
      return;
    }
    const rows = database.queryAuditTrail({
      ...filters,
      ...omitUndefined({ after }),
      limit,
      order: orderOf(order, oldestFirst),
    });
    const tableFields = [
      'timestamp',
      'agentId',
      'operation',
      'status',
      'errorMessage',
      'durationMs',
      'details',
    ];
    await writeRows(rows, { ...values, table: 'audit_log', tableFields }, context);
  },
});

import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern, agentsOf } from '../agent-selection.ts';
import { count } from '../parameters.ts';
import { CSV_OPTIONS, ORDER_OPTION, orderOf, rowFormat, writeRows } from '../output/rows.ts';

export const queryAuditTrail: Command = defineCommand({
  name: 'db query-audit-trail',
  summary: 'List audit entries of the last days, newest first',
  database: 'existing',
  positionals: {
    agent: agentPattern(),
    days: count({ default: 7, description: 'number of days, counted back from now' }),
    format: rowFormat(),
  },
  options: {
    limit: count({ default: 1000, description: 'largest number of rows' }),
    ...AGENT_EXACT,
    ...ORDER_OPTION,
    ...CSV_OPTIONS,
  },
  examples: [
    `ggen-sim db query-audit-trail "agent-%" 7 json | jq '.[] | select(.status == "failed")'`,
    'ggen-sim db query-audit-trail "agent-*" 30 csv --limit 10000 > audit_trail.csv',
  ],
  async run({ agent, agentExact, days, limit, oldestFirst, ...output }, context) {
    const agents = agentsOf(agent, agentExact);
    await using database = await context.openDatabase('brief');
    const rows = database.queryAuditTrail({
      ...agents,
      days,
      limit,
      order: orderOf(oldestFirst),
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
    await writeRows(rows, { ...output, table: 'audit_log', tableFields }, context);
  },
});

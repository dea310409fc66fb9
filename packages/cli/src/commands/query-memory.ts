import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern } from '../agent-selection.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { optionalCount } from '../parameters.ts';
import { CSV_OPTIONS, RAW_OPTION, rowFormat, writeRows } from '../output/rows.ts';
import {
  CONTINUATION_OPTIONS,
  EXCLUSIVE_QUERY_OPTIONS,
  filtersOf,
  MEMORY_FILTERS,
  orderOf,
  TIME_ORDER_OPTIONS,
} from '../row-filters.ts';

export const queryMemory: Command = defineCommand({
  name: 'db query-memory',
  summary: 'List agent memory, newest first',
  database: 'existing',
  positionals: { agent: agentPattern(), format: rowFormat() },
  options: {
    limit: optionalCount({ description: 'largest number of rows (default: no limit)' }),
    ...AGENT_EXACT,
    ...MEMORY_FILTERS,
    ...TIME_ORDER_OPTIONS,
    ...CONTINUATION_OPTIONS,
    ...RAW_OPTION,
    ...CSV_OPTIONS,
  },
  exclusive: EXCLUSIVE_QUERY_OPTIONS,
  examples: [
    `ggen-sim db query-memory "%" json | jq '.[] | {agent_id, agent_type, version}'`,
    'ggen-sim db query-memory "agent-*" csv > agent_memory.csv',
    "ggen-sim db query-memory --since 2h --where '$.active = true' --raw",
  ],
  async run({ limit, order, oldestFirst, count: countOnly, after, ...values }, context) {
    const filters = filtersOf(values);
    await using database = await context.openDatabase('brief');
    if (countOnly) {
      await context.stdout.writeLine(String(await database.countMemory(filters)));
      return;
    }
    const tableFields = ['lastUpdated', 'agentId', 'agentType', 'version', 'memoryJson'];
    await writeRows(
      database.queryMemory({
        ...filters,
        ...omitUndefined({ after, limit }),
        order: orderOf(order, oldestFirst),
      }),
      { ...values, table: 'agent_memory', tableFields },
      context,
    );
  },
});

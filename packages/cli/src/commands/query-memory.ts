import { defineCommand, type Command } from '../command.ts';
import { agentPattern } from '../parameters.ts';
import { CSV_OPTIONS, ORDER_OPTION, orderOf, rowFormat, writeRows } from '../output/rows.ts';

export const queryMemory: Command = defineCommand({
  name: 'db query-memory',
  summary: 'List agent memory, newest first',
  database: 'existing',
  positionals: { agent: agentPattern(), format: rowFormat() },
  options: { ...ORDER_OPTION, ...CSV_OPTIONS },
  examples: [
    `ggen-sim db query-memory "%" json | jq '.[] | {agent_id, agent_type, version}'`,
    'ggen-sim db query-memory "agent-*" csv > agent_memory.csv',
  ],
  async run({ agent, oldestFirst, ...output }, context) {
    await using database = await context.openDatabase('brief');
    const tableFields = ['lastUpdated', 'agentId', 'agentType', 'version', 'memoryJson'];
    await writeRows(
      database.queryMemory({ agent, order: orderOf(oldestFirst) }),
      { ...output, table: 'agent_memory', tableFields },
      context,
    );
  },
});

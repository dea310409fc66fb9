import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern, agentsOf } from '../agent-selection.ts';
import { CSV_OPTIONS, ORDER_OPTION, orderOf, rowFormat, writeRows } from '../output/rows.ts';

export const queryMemory: Command = defineCommand({
  name: 'db query-memory',
  summary: 'List agent memory, newest first',
  database: 'existing',
  positionals: { agent: agentPattern(), format: rowFormat() },
  options: { ...AGENT_EXACT, ...ORDER_OPTION, ...CSV_OPTIONS },
  examples: [
    `ggen-sim db query-memory "%" json | jq '.[] | {agent_id, agent_type, version}'`,
    'ggen-sim db query-memory "agent-*" csv > agent_memory.csv',
  ],
  async run({ agent, agentExact, oldestFirst, ...output }, context) {
    const agents = agentsOf(agent, agentExact);
    await using database = await context.openDatabase('brief');
    const tableFields = ['lastUpdated', 'agentId', 'agentType', 'version', 'memoryJson'];
    await writeRows(
      database.queryMemory({ ...agents, order: orderOf(oldestFirst) }),
      { ...output, table: 'agent_memory', tableFields },
      context,
    );
  },
});

import { ANALYTICS_PERIODS } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern, agentsOf } from '../agent-selection.ts';
import { choice } from '../parameters.ts';
import { reportFormat, writeReport } from '../output/reports.ts';

export const analytics: Command = defineCommand({
  name: 'db analytics',
  summary: 'Show statistics per agent and per receipt status',
  database: 'existing',
  positionals: {
    agent: agentPattern(),
    period: choice(ANALYTICS_PERIODS, {
      default: 'last-7-days',
      description: 'time span, counted back from now',
    }),
  },
  options: { ...AGENT_EXACT, format: reportFormat() },
  examples: [
    `ggen-sim db analytics "%" "last-7-days" | jq '.agent_metrics[] | {agent_id, total_operations}'`,
    `ggen-sim db analytics "validator-*" "last-30-days" | jq '.receipt_statistics'`,
  ],
  async run({ agent, agentExact, period, format }, context) {
    const agents = agentsOf(agent, agentExact);
    await using database = await context.openDatabase('brief');
    await writeReport(await database.analytics({ ...agents, period }), format, context);
  },
});

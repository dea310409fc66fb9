import { ANALYTICS_PERIODS } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { agentPattern, choice } from '../parameters.ts';
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
  options: { format: reportFormat() },
  examples: [
    `ggen-sim db analytics "%" "last-7-days" | jq '.agent_metrics[] | {agent_id, total_operations}'`,
    `ggen-sim db analytics "validator-*" "last-30-days" | jq '.receipt_statistics'`,
  ],
  async run({ format, ...query }, context) {
    await using database = await context.openDatabase('brief');
    await writeReport(await database.analytics(query), format, context);
  },
});

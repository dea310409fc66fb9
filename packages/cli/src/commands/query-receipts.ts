import { defineCommand, type Command } from '../command.ts';
import { agentPattern, count } from '../parameters.ts';
import { csvFlags, orderFlag, orderOf, rowFormat, writeRows } from '../output/rows.ts';

export const queryReceipts: Command = defineCommand({
  name: 'db query-receipts',
  summary: 'Receipts by agent pattern, newest first',
  usesDatabase: true,
  positionals: {
    agent: agentPattern(),
    format: rowFormat(),
    limit: count({ default: 100, description: 'at most this many' }),
  },
  flags: { ...orderFlag, ...csvFlags },
  examples: [
    `ggen-sim db query-receipts "validator-*" json | jq '.[] | {execution_id, status}'`,
    'ggen-sim db query-receipts "agent-%" csv 1000 > receipts.csv',
    'ggen-sim db query-receipts --format table --oldest-first',
  ],
  async run({ agent, limit, oldestFirst, ...output }, context) {
    await using database = await context.openDatabase('brief');
    const tableFields = ['createdAt', 'agentId', 'executionId', 'status', 'durationMs', 'receiptId'];
    await writeRows(
      database.queryReceipts({ agent, limit, order: orderOf(oldestFirst) }),
      { ...output, table: 'receipts', tableFields },
      context,
    );
  },
});

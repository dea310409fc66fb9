import type { ReceiptRow } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern, agentsOf } from '../agent-selection.ts';
import { count } from '../parameters.ts';
import { CSV_OPTIONS, ORDER_OPTION, orderOf, rowFormat, writeRows } from '../output/rows.ts';

export const queryReceipts: Command = defineCommand({
  name: 'db query-receipts',
  summary: 'List receipts, newest first',
  database: 'existing',
  positionals: {
    agent: agentPattern(),
    format: rowFormat(),
    limit: count({ default: 100, description: 'largest number of rows' }),
  },
  options: { ...AGENT_EXACT, ...ORDER_OPTION, ...CSV_OPTIONS },
  examples: [
    `ggen-sim db query-receipts "validator-*" json | jq '.[] | {execution_id, status}'`,
    'ggen-sim db query-receipts "agent-%" csv 1000 > receipts.csv',
    'ggen-sim db query-receipts --format table --oldest-first',
  ],
  async run({ agent, agentExact, limit, oldestFirst, ...output }, context) {
    const agents = agentsOf(agent, agentExact);
    await using database = await context.openDatabase('brief');
    const tableFields = ['createdAt', 'agentId', 'executionId', 'status', 'durationMs', 'receiptId'];
    const { errorReasonOf } = await import('@ggen-sim/core');
    const status = (row: ReceiptRow): string => {
      const reason = errorReasonOf(row);
      return reason === undefined ? row.status : `${row.status} (${reason})`;
    };
    await writeRows(
      database.queryReceipts({ ...agents, limit, order: orderOf(oldestFirst) }),
      { ...output, table: 'receipts', tableFields, tableCells: { status } },
      context,
    );
  },
});

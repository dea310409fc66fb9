import type { ReceiptRow } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern } from '../agent-selection.ts';
import { count } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { CSV_OPTIONS, RAW_OPTION, rowFormat, writeRows } from '../output/rows.ts';
import {
  CONTINUATION_OPTIONS,
  EXCLUSIVE_QUERY_OPTIONS,
  filtersOf,
  ORDER_OPTIONS,
  orderOf,
  RECEIPT_FILTERS,
} from '../row-filters.ts';

export const queryReceipts: Command = defineCommand({
  name: 'db query-receipts',
  summary: 'List receipts, newest first',
  database: 'existing',
  positionals: {
    agent: agentPattern(),
    format: rowFormat(),
    limit: count({ default: 100, description: 'largest number of rows' }),
  },
  options: {
    ...AGENT_EXACT,
    ...RECEIPT_FILTERS,
    ...ORDER_OPTIONS,
    ...CONTINUATION_OPTIONS,
    ...RAW_OPTION,
    ...CSV_OPTIONS,
  },
  exclusive: EXCLUSIVE_QUERY_OPTIONS,
  examples: [
    `ggen-sim db query-receipts "validator-*" json | jq '.[] | {execution_id, status}'`,
    'ggen-sim db query-receipts "agent-%" csv 1000 > receipts.csv',
    'ggen-sim db query-receipts --format table --oldest-first',
    "ggen-sim db query-receipts --status error --since 3d --where '$.files_generated > 10' --count",
    'ggen-sim db query-receipts --order longest-first --limit 10 --raw',
  ],
  async run({ limit, order, oldestFirst, count: countOnly, after, ...values }, context) {
    const filters = filtersOf(values);
    await using database = await context.openDatabase('brief');
    if (countOnly) {
      await context.stdout.writeLine(String(await database.countReceipts(filters)));
      return;
    }
    const tableFields = ['createdAt', 'agentId', 'executionId', 'status', 'durationMs', 'receiptId'];
    const { errorReasonOf } = await import('@ggen-sim/core');
    const status = (row: ReceiptRow): string => {
      const reason = errorReasonOf(row);
      return reason === undefined ? row.status : `${row.status} (${reason})`;
    };
    await writeRows(
      database.queryReceipts({
        ...filters,
        ...omitUndefined({ after }),
        limit,
        order: orderOf(order, oldestFirst),
      }),
      { ...values, table: 'receipts', tableFields, tableCells: { status } },
      context,
    );
  },
});

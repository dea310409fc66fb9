import { RECEIPT_STATUSES } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { choice, count, flag, requiredJson, requiredText } from '../parameters.ts';
import { savedFormat, writeSaved } from '../output/saved.ts';

export const saveReceipt: Command = defineCommand({
  name: 'db save-receipt',
  summary: 'Save a receipt and print its id',
  notes:
    'The JSON is stored byte for byte. An execution id can be used once. With --if-absent, saving an identical receipt ' +
    'again changes nothing and prints the same id.',
  database: 'created',
  positionals: {
    executionId: requiredText({ description: 'id of the execution, unique among all receipts' }),
    agentId: requiredText({ description: 'id of the agent, such as validator-1' }),
    agentType: requiredText({ description: 'kind of agent, such as validation' }),
    receiptJson: requiredJson({ description: 'receipt as one JSON value' }),
    status: choice(RECEIPT_STATUSES, {
      default: 'success',
      description: 'result of the execution',
    }),
    durationMs: count({ default: 0, description: 'duration in whole milliseconds' }),
  },
  options: {
    ifAbsent: flag({ description: 'change nothing if the identical receipt exists' }),
    format: savedFormat(),
  },
  examples: [
    `ggen-sim db save-receipt exec-001 validator-1 validation '{"files_generated":12}' success 1234`,
    'ggen-sim db save-receipt exec-002 validator-1 validation - < receipt.json',
  ],
  async run({ receiptJson, format, ...receipt }, context) {
    await using database = await context.openDatabase();
    const saved = await database.saveReceipt({ ...receipt, receipt: receiptJson });
    await writeSaved(saved, saved.receiptId, format, context);
  },
});

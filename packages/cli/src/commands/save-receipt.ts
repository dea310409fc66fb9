import { defineCommand, type Command } from '../command.ts';
import { choice, count, requiredJson, requiredText, toggle } from '../parameters.ts';
import { savedFormat, writeSaved } from '../output/saved.ts';

export const saveReceipt: Command = defineCommand({
  name: 'db save-receipt',
  summary: 'Save a receipt and print its id',
  notes:
    'The JSON is kept byte for byte. A used execution id is refused; with --if-absent, saving the identical receipt ' +
    'again does nothing and prints the same id.',
  usesDatabase: true,
  positionals: {
    executionId: requiredText({ description: 'unique among all receipts' }),
    agentId: requiredText({ description: 'the agent, such as validator-1' }),
    agentType: requiredText({ description: 'its kind, such as validation' }),
    receiptJson: requiredJson({ description: 'the receipt, one JSON value' }),
    status: choice(['success', 'error', 'partial'], {
      default: 'success',
      description: 'how the execution ended',
    }),
    durationMs: count({ default: 0, description: 'how long it took, in whole milliseconds' }),
  },
  flags: {
    ifAbsent: toggle({ description: 'repeat safely: do nothing if the identical receipt is there' }),
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

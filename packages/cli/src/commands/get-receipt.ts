import { defineCommand, type Command } from '../command.ts';
import { requiredText } from '../parameters.ts';

export const getReceipt: Command = defineCommand({
  name: 'db get-receipt',
  summary: 'Print the stored JSON of a receipt',
  notes: 'Prints exactly the bytes that were saved, followed by one newline.',
  database: 'existing',
  positionals: { receiptId: requiredText({ description: 'the id that db save-receipt printed' }) },
  options: {},
  examples: [`ggen-sim db get-receipt "$receipt_id" | jq '.determinism_hash'`],
  async run({ receiptId }, context) {
    await using database = await context.openDatabase();
    await context.stdout.writeLine(await database.getReceipt(receiptId));
  },
});

import { defineCommand, type Command } from '../command.ts';
import { requiredText } from '../parameters.ts';

export const getReceipt: Command = defineCommand({
  name: 'db get-receipt',
  summary: 'The stored JSON of a receipt',
  notes: 'Exactly the bytes that were saved, and one newline.',
  usesDatabase: true,
  positionals: { receiptId: requiredText({ description: 'as db save-receipt printed it' }) },
  flags: {},
  examples: [`ggen-sim db get-receipt "$receipt_id" | jq '.determinism_hash'`],
  async run({ receiptId }, context) {
    await using database = await context.openDatabase();
    await context.stdout.line(await database.getReceipt(receiptId));
  },
});

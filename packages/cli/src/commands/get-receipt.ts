import { defineCommand, type Command } from '../command.ts';
import { CommandFailure, hasCode, UsageError } from '../failures.ts';
import { optionalText } from '../parameters.ts';

/** Shortest text that is looked for at the beginning of ids as well. */
const MIN_PREFIX_CHARACTERS = 4;

export const getReceipt: Command = defineCommand({
  name: 'db get-receipt',
  summary: 'Print the stored JSON of a receipt',
  notes:
    'Prints exactly the bytes that were saved, followed by one newline. Instead of the whole id, its beginning is enough ' +
    'if no other id begins with it (at least 4 characters).',
  database: 'existing',
  positionals: {
    receiptId: optionalText({ description: 'the id that db save-receipt printed, or its beginning' }),
  },
  options: { executionId: optionalText({ description: 'look for the receipt of this execution instead' }) },
  examples: [
    `ggen-sim db get-receipt "$receipt_id" | jq '.determinism_hash'`,
    'ggen-sim db get-receipt --execution-id exec-001',
  ],
  async run({ receiptId, executionId }, context) {
    const receipt = lookupOf(receiptId, executionId);
    await using database = await context.openDatabase();
    await context.stdout.writeLine(await database.getReceipt(receipt).catch(explainShortId(receipt)));
  },
});

function lookupOf(
  receiptId: string | undefined,
  executionId: string | undefined,
): string | { readonly idPrefix: string } | { readonly executionId: string } {
  if (receiptId !== undefined && executionId !== undefined) {
    throw new UsageError('RECEIPT_ID and --execution-id exclude each other', 'Give one of them');
  }
  if (executionId !== undefined) return { executionId };
  if (receiptId === undefined) {
    throw new UsageError('Missing required parameters: RECEIPT_ID', 'Give it, or --execution-id');
  }
  return receiptId.length < MIN_PREFIX_CHARACTERS ? receiptId : { idPrefix: receiptId };
}

/** Makes the handler that tells why a short text that is no whole id finds nothing. */
function explainShortId(receipt: ReturnType<typeof lookupOf>): (error: unknown) => never {
  return (error) => {
    if (typeof receipt !== 'string' || !hasCode(error, 'NOT_FOUND') || error.hint !== undefined) throw error;
    const hint = `The beginning of an id needs at least ${MIN_PREFIX_CHARACTERS} characters`;
    throw new CommandFailure('NOT_FOUND', error.message, { hint, cause: error });
  };
}

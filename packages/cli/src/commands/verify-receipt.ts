import type { InputFile } from '@ggen-sim/agents';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure } from '../failures.ts';
import { readInputs } from '../input-files.ts';
import { files, flag, requiredText } from '../parameters.ts';

export const verifyReceipt: Command = defineCommand({
  name: 'verify-receipt',
  summary: 'Check a validation receipt, its documents and a repeated run',
  notes:
    'Computes the determinism hash of the stored receipt again and, for documents given, their hashes. With all of ' +
    'them also the hashes of the graphs. Prints what was checked and what differs.',
  database: 'existing',
  positionals: { receiptId: requiredText({ description: 'id of the receipt, or its beginning' }) },
  options: {
    file: files({ isRequired: false, placeholder: 'FILE', description: 'document of the run' }),
    rerun: flag({ description: 'repeat the run and compare all it finds; needs every document' }),
  },
  ownExitCodes: { [EXIT_CODES.failed]: 'something differs, or the operation failed' },
  examples: [
    'ggen-sim verify-receipt "$receipt_id"',
    'ggen-sim verify-receipt "$receipt_id" --file ontology.ttl --file shapes.ttl --rerun',
  ],
  async run({ receiptId, file, rerun }, context) {
    await using database = await context.openDatabase();
    const receipt = await database.getReceipt({ idPrefix: receiptId });
    const inputs = await readDocuments(file);
    const { connectAgents } = await import('@ggen-sim/agents/client');
    const { startAgentThread } = await import('../agent-thread.ts');
    const { signal } = context.longOperation();
    const agents = connectAgents(startAgentThread);
    const report = await agents
      .verifyReceipt(receipt, inputs, { rerun, signal })
      .finally(() => agents.close());
    context.removeProgressBar();
    await context.stdout.writeLine(JSON.stringify(report));
    const [first] = report.differences;
    if (first === undefined) return;
    const more = report.differences.length - 1;
    throw new CommandFailure(
      'RECEIPT_DIFFERS',
      `${first.field} differs from the receipt${more === 0 ? '' : ` (and ${more} more)`}`,
      { hint: 'The report on stdout lists every difference.' },
    );
  },
});

async function readDocuments(names: readonly string[]): Promise<readonly InputFile[]> {
  const inputs = await readInputs(names);
  const failed = inputs.find(({ unreadable }) => unreadable !== undefined);
  if (failed !== undefined) throw new CommandFailure('IO_ERROR', `${failed.name}: ${failed.unreadable}`);
  return inputs;
}

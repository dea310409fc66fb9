import { defineCommand, type Command } from '../command.ts';
import { requiredPath, requiredText } from '../parameters.ts';
import { openSigningKey, publicKeyFile } from '../signing-key.ts';
import { findReceiptRow } from '../receipt-row.ts';

export const attest: Command = defineCommand({
  name: 'db attest',
  summary: 'Print a receipt as a signed in-toto statement',
  notes:
    'Prints a DSSE envelope (https://github.com/secure-systems-lab/dsse) with an in-toto statement v1: its subject is the JSON of ' +
    'the receipt by its SHA-256, its predicate the whole row. --key signs it with Ed25519, as db checkpoint does: a key file ' +
    'that does not exist is created, with the public key in FILE.pub beside it. Programs that know these formats read it.',
  database: 'existing',
  positionals: { receiptId: requiredText({ description: 'id of the receipt' }) },
  options: {
    key: requiredPath({ placeholder: 'FILE', completes: 'files', description: 'file of the private key' }),
  },
  examples: [
    'ggen-sim db attest "$receipt_id" --key ggen.key > attestation.json',
    'ggen-sim db verify-attestation attestation.json --key ggen.key.pub',
  ],
  async run({ receiptId, key }, context) {
    await using database = await context.openDatabase();
    const row = await findReceiptRow(database, receiptId);
    const { attestReceipt, receiptStatement } = await import('@ggen-sim/core');
    // Before a key is created.
    receiptStatement(row);
    const { signer, isNew } = await openSigningKey(key, 'ggen-sim.dev/attestations');
    if (isNew) {
      context.printNotice(`Created the private key ${key} and the public key ${publicKeyFile(key)}`);
    }
    await context.stdout.writeLine(JSON.stringify(await attestReceipt(row, signer)));
  },
});

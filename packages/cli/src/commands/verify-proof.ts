import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson } from '../output/reports.ts';
import { files, path, requiredPath } from '../parameters.ts';
import { readTextFile } from '../signing-key.ts';
import { readStandardInput } from '../standard-input.ts';

export const verifyProof: Command = defineCommand({
  name: 'db verify-proof',
  summary: 'Verify a proof of db prove, without a database',
  notes:
    'Checks that the tree of the checkpoint contains the record of the proof, or begins with the tree of the earlier checkpoint. ' +
    'The checkpoint is one that you kept (--checkpoint), or the one in the proof, which the key must have signed, or the hub with this key cosigned (--key). ' +
    'Prints what was verified. Nothing but these files is read.',
  database: 'unused',
  positionals: {
    proof: requiredPath({
      placeholder: 'FILE',
      completes: 'files',
      description: 'the proof, or - for standard input',
    }),
  },
  options: {
    checkpoint: files({
      refusesEmpty: true,
      isRequired: false,
      placeholder: 'FILE',
      description: 'checkpoint that was kept elsewhere, in place of the one in the proof',
    }),
    key: path({
      refusesEmpty: true,
      placeholder: 'KEY_FILE',
      completes: 'files',
      description: 'file of the public key that must have signed or cosigned the checkpoint',
    }),
  },
  ownExitCodes: { [EXIT_CODES.failed]: 'the proof is wrong, or the operation failed' },
  examples: [
    'ggen-sim db verify-proof proof.json --key ggen.key.pub',
    'ggen-sim db verify-proof proof.json --checkpoint checkpoint.txt',
  ],
  async run({ proof: file, checkpoint: kept, key }, context) {
    if (kept.length === 0 && key === undefined) {
      throw new UsageError(
        'Give --key or --checkpoint: a proof alone proves nothing, since anybody can write its checkpoint',
      );
    }
    const text = file === '-' ? await readStandardInput() : readTextFile(file);
    const { verifyWrittenProof } = await import('@ggen-sim/core');
    const { proof, checkpoint } = await verifyWrittenProof(text, {
      checkpoints: kept.map(readTextFile),
      ...(key !== undefined && { verifierKey: readTextFile(key) }),
    });
    const { origin, size, rootHash, cosignedAt } = checkpoint;
    const record =
      proof.type === 'inclusion' ? { index: proof.index, table: proof.table, rowJson: proof.rowJson } : {};
    await context.stdout.writeLine(
      reportJson({
        verified: true,
        type: proof.type,
        origin,
        size,
        rootHash,
        ...omitUndefined({ cosignedAt }),
        ...record,
      }),
    );
  },
});

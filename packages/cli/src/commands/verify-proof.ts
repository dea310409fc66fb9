import type { Proof } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure } from '../failures.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson } from '../output/reports.ts';
import { requiredPath } from '../parameters.ts';
import { readTextFile } from '../signing-key.ts';
import { readStandardInput } from '../standard-input.ts';

export const verifyProof: Command = defineCommand({
  name: 'db verify-proof',
  summary: 'Verify a proof of db prove, without a database',
  notes:
    'Checks that the key signed the checkpoint in the proof, or that the hub with this key cosigned it, and that its tree contains the record of the proof, or begins ' +
    'with the tree of the earlier checkpoint. Prints what was verified. Nothing but the proof and the public key is read.',
  database: 'unused',
  positionals: {
    proof: requiredPath({
      placeholder: 'FILE',
      completes: 'files',
      description: 'the proof, or - for standard input',
    }),
  },
  options: {
    key: requiredPath({
      placeholder: 'KEY_FILE',
      completes: 'files',
      description: 'file of the public key that signed or cosigned the checkpoint',
    }),
  },
  ownExitCodes: { [EXIT_CODES.failed]: 'the proof is wrong, or the operation failed' },
  examples: ['ggen-sim db verify-proof proof.json --key ggen.key.pub'],
  async run({ proof: file, key }, context) {
    const text = file === '-' ? await readStandardInput() : readTextFile(file);
    const { checkpoint = '', smallerCheckpoint, ...proof } = parseProof(text);
    const { verifyProof: verify } = await import('@ggen-sim/core');
    const { origin, size, rootHash, cosignedAt } = await verify(proof, {
      checkpoint,
      verifierKey: readTextFile(key),
      ...(smallerCheckpoint !== undefined && { smallerCheckpoint }),
    });
    const record =
      proof.type === 'inclusion' ? { seq: proof.seq, table: proof.table, rowJson: proof.rowJson } : {};
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

/** A proof as db prove prints it. */
type PrintedProof = Proof & { readonly checkpoint?: string; readonly smallerCheckpoint?: string };

function parseProof(text: string): PrintedProof {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandFailure('INVALID_JSON', 'The proof is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null)
    throw new CommandFailure('INVALID_JSON', 'This is no proof');
  const camelCase = (key: string): string =>
    key.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [camelCase(key), member]),
  ) as PrintedProof;
}

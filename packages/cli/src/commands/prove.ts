import type { Checkpoint, ProofRequest } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson } from '../output/reports.ts';
import { choice, requiredPath, requiredText } from '../parameters.ts';
import { quotedIfNeeded } from '../shell/quoted-word.ts';
import { readTextFile } from '../signing-key.ts';

const KINDS = ['receipt', 'memory', 'audit', 'entry', 'consistency'] as const;

export const prove: Command = defineCommand({
  name: 'db prove',
  summary: 'Prove that a record is in the change log of a checkpoint',
  notes:
    'Prints a proof as JSON, with the record and the checkpoint, for db verify-proof, which needs no database: of a ' +
    'receipt or an audit entry by its id, of the current memory of an agent, or of an entry of the change log by its number. ' +
    'consistency takes the file of an earlier checkpoint and proves that nothing before it was changed since.',
  database: 'existing',
  positionals: {
    kind: choice(KINDS, { description: 'what to prove' }),
    id: requiredText({ description: 'id, number or file of the earlier checkpoint' }),
  },
  options: {
    checkpoint: requiredPath({
      placeholder: 'FILE',
      completes: 'files',
      description: 'file of the checkpoint (db checkpoint)',
    }),
  },
  examples: [
    'ggen-sim db prove receipt "$receipt_id" --checkpoint checkpoint.txt > proof.json',
    'ggen-sim db prove consistency checkpoint.txt --checkpoint later.txt > proof.json',
  ],
  async run({ kind, id, checkpoint }, context) {
    const record = kind === 'consistency' ? undefined : recordOf(kind, id);
    await using database = await context.openDatabase();
    const note = readTextFile(checkpoint);
    const smallerNote = record === undefined ? readTextFile(id) : undefined;
    const { parseCheckpoint } = await import('@ggen-sim/core');
    const wanted = parseCheckpoint(note);
    const smaller = smallerNote === undefined ? undefined : parseCheckpoint(smallerNote);
    const { size } = wanted;
    const smallerSize = smaller?.size;
    if (smallerSize !== undefined && smallerSize > size) {
      throw new UsageError(
        `${id} has ${smallerSize} entries, and the later checkpoint ${checkpoint} has ${size}`,
        'Give the earlier one first',
      );
    }
    const options = { ...context.longOperation(), ...record, ...omitUndefined({ smallerSize }), size };
    const proof = await database.prove(options);
    context.removeProgressBar();
    if (proof.rootHash !== wanted.rootHash) throw otherHistory(checkpoint, wanted, proof.origin);
    if (smaller !== undefined && 'smallerRootHash' in proof && proof.smallerRootHash !== smaller.rootHash)
      throw otherHistory(id, smaller, proof.origin);
    const checkpoints = { checkpoint: note, ...omitUndefined({ smallerCheckpoint: smallerNote }) };
    await context.stdout.writeLine(reportJson({ ...proof, ...checkpoints }));
  },
});

/** Makes the error of a checkpoint that the change log does not begin with: nobody could verify the proof. */
function otherHistory(file: string, { size, origin }: Checkpoint, ownOrigin: string): CommandFailure {
  const other = origin === ownOrigin ? '' : `, which is of another database (${origin})`;
  return new CommandFailure(
    'PROOF_INVALID',
    `The first ${size} entries of the change log are not those of the checkpoint ${file}${other}`,
    { hint: `'ggen-sim db verify --checkpoint ${quotedIfNeeded(file)}' tells more` },
  );
}

function recordOf(kind: Exclude<(typeof KINDS)[number], 'consistency'>, id: string): ProofRequest {
  if (kind === 'receipt') return { receiptId: id };
  if (kind === 'memory') return { agentId: id };
  if (kind === 'audit') return { auditId: id };
  if (/^\d{1,15}$/u.test(id)) return { seq: Number(id) };
  throw new UsageError(`ID must be the number of an entry, not '${id}'`);
}

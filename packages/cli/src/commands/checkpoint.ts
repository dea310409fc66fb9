import type { Persistence } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { path } from '../parameters.ts';
import { openSigningKey, publicKeyFile } from '../signing-key.ts';

export const checkpoint: Command = defineCommand({
  name: 'db checkpoint',
  summary: 'Print the state of the change log as a signed checkpoint',
  notes:
    'A checkpoint is the number of entries of the change log (db history) and the root of the Merkle tree over them ' +
    '(https://c2sp.org/tlog-checkpoint). Keep it where nobody who can write to the database can: db verify --checkpoint then ' +
    'finds whatever was changed or cut off before it, and db prove proves single records. --key signs it with Ed25519. A ' +
    'key file that does not exist is created, readable by you alone, with the public key in FILE.pub beside it; give that to ' +
    'those who verify. Without --key, the checkpoint is not signed.',
  database: 'existing',
  positionals: {},
  options: {
    key: path({
      refusesEmpty: true,
      placeholder: 'FILE',
      completes: 'files',
      description: 'file of the private key',
    }),
  },
  examples: [
    'ggen-sim db checkpoint --key ggen.key > checkpoint.txt',
    'ggen-sim db verify --checkpoint checkpoint.txt --key ggen.key.pub',
  ],
  async run({ key }, context) {
    await using database = await context.openDatabase();
    await context.stdout.write(await makeCheckpoint(database, key, context));
  },
});

/** Makes a checkpoint, signed with the key of a file where one is given. */
export async function makeCheckpoint(
  database: Persistence,
  key: string | undefined,
  context: CommandContext,
): Promise<string> {
  const { origin, text } = await database.checkpoint(context.longOperation());
  context.removeProgressBar();
  if (key === undefined) return text;
  const { signNote } = await import('@ggen-sim/core');
  const { signer, isNew } = await openSigningKey(key, origin);
  if (isNew) context.printNotice(`Created the private key ${key} and the public key ${publicKeyFile(key)}`);
  return signNote(text, signer);
}

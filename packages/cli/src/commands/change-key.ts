import type { Key } from '../encryption-key.ts';
import type { CommandContext } from '../command-context.ts';
import { defineCommand, type Command } from '../command.ts';
import { CommandFailure, hasCode, UsageError } from '../failures.ts';
import { optionalText, path } from '../parameters.ts';

/** What each of the three commands does to the file. */
const IN_PLACE =
  'A copy is made and checked, and then written into the file, which keeps its owner, permissions and names. Other ' +
  'programs wait meanwhile. Ctrl-C, or the end of the process at any moment, leaves the database as it was. Needs room ' +
  'for two more copies in its folder.';

export const encrypt: Command = defineCommand({
  name: 'db encrypt',
  summary: 'Encrypt a database that is not',
  notes:
    `The key that is given becomes that of the database; on a terminal, a new passphrase is asked for. ${IN_PLACE} ` +
    'Other programs that have it open must open it again, with the key. What was stored before may still be on the disk, ' +
    'in free room and in backups.',
  database: 'existing',
  positionals: {},
  options: {},
  examples: ['ggen-sim db encrypt --key-file ggen.key'],
  async run(_, context) {
    const key = await context.requireKey('new');
    try {
      await context.changeKey(undefined, key);
    } catch (error) {
      throw hasCode(error, 'KEY_REQUIRED') ? encryptedAlready(context, error) : error;
    }
    context.printNotice(`Encrypted: ${context.databasePath}. Without its key, nobody can read it again`);
    context.printNotice(
      `Hooks record nothing more, unless they were installed with --plain: what they leave in ${context.databasePath}-hooks and ${context.databasePath}-hooks.refused is not encrypted`,
    );
    const { hasSpooledEvents } = await import('@ggen-sim/hooks/spool');
    if (hasSpooledEvents(context.databasePath)) {
      context.printNotice(
        `Events wait in ${context.databasePath}-hooks. The next command with the key stores them and removes it`,
      );
    }
  },
});

export const decrypt: Command = defineCommand({
  name: 'db decrypt',
  summary: 'Decrypt a database, so that it needs no key',
  notes: IN_PLACE,
  database: 'existing',
  positionals: {},
  options: {},
  examples: ['ggen-sim db decrypt --key-file ggen.key'],
  async run(_, context) {
    await context.changeKey(await context.requireKey('present'), undefined);
    context.printNotice(`Decrypted: ${context.databasePath}`);
  },
});

export const rekey: Command = defineCommand({
  name: 'db rekey',
  summary: 'Give an encrypted database another key',
  notes:
    'The new key is that of --new-key-file or --new-key-command, else of the variable GGEN_SIM_NEW_KEY; on a terminal, a ' +
    `new passphrase is asked for. ${IN_PLACE} Every page is encrypted anew. Backups keep the old key.`,
  database: 'existing',
  positionals: {},
  options: {
    newKeyFile: path({
      refusesEmpty: true,
      placeholder: 'FILE',
      completes: 'files',
      description: 'file with the new key',
    }),
    newKeyCommand: optionalText({
      refusesEmpty: true,
      placeholder: 'COMMAND',
      description: 'command that prints the new key or the new passphrase',
    }),
  },
  exclusive: [['newKeyFile', 'newKeyCommand']],
  examples: ['ggen-sim db rekey --key-file ggen.key --new-key-file new.key'],
  async run({ newKeyFile, newKeyCommand }, context) {
    const key = await context.requireKey('present');
    const newKey = await context.requireNewKey({ keyFile: newKeyFile, keyCommand: newKeyCommand });
    if (isSame(key, newKey)) throw new UsageError('The new key is the old one', 'Nothing was changed');
    await context.changeKey(key, newKey);
    context.printNotice(`Encrypted with the new key: ${context.databasePath}`);
  },
});

function isSame(key: Key, newKey: Key): boolean {
  return Buffer.from(key as string).equals(Buffer.from(newKey as string)) && typeof key === typeof newKey;
}

function encryptedAlready({ databasePath }: CommandContext, cause: Error): CommandFailure {
  return new CommandFailure('KEY_REQUIRED', `${databasePath} is encrypted already, or is not a database`, {
    hint: "It is unchanged. 'ggen-sim db rekey' gives it another key",
    cause,
  });
}

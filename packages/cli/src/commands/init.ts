import type { Info } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { flag, type Parameter } from '../parameters.ts';

/** Option to create an encrypted database without another source of a key. */
export const ENCRYPT_FLAG: Parameter<boolean> = flag({
  description: 'encrypt the database that is created; asks for a passphrase if no key is given',
});

export const init: Command = defineCommand({
  name: 'db init',
  summary: 'Create the database, or check an existing one',
  notes: 'Running it again changes nothing. With a key, the database that is created is encrypted.',
  database: 'created',
  positionals: {},
  options: { encrypt: ENCRYPT_FLAG },
  examples: ['ggen-sim db init && echo "Database ready"', 'ggen-sim db init --key-file ggen.key'],
  async run({ encrypt }, context) {
    await context.readKey(encrypt);
    await using database = await context.openDatabase();
    context.printNotice(`Database ready: ${databaseNotice(await database.info())}`);
  },
});

/** Says where a database is, its version, and how it is encrypted. */
export function databaseNotice({ path, schemaVersion, encryption }: Info): string {
  const encrypted = encryption === null ? '' : `, encrypted: ${encryption}`;
  return `${path} (schema version ${schemaVersion}${encrypted})`;
}

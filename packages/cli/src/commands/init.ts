import { defineCommand, type Command } from '../command.ts';

export const init: Command = defineCommand({
  name: 'db init',
  summary: 'Create the database, or check that it is in order',
  notes: 'Running it again changes nothing.',
  usesDatabase: true,
  positionals: {},
  flags: {},
  examples: ['ggen-sim db init && echo "Database ready"'],
  async run(_, context) {
    await using database = await context.openDatabase();
    const { path, schemaVersion } = await database.info();
    context.notice(`Database ready: ${path} (schema version ${schemaVersion})`);
  },
});

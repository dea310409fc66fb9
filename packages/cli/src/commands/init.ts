import { defineCommand, type Command } from '../command.ts';

export const init: Command = defineCommand({
  name: 'db init',
  summary: 'Create the database, or check an existing one',
  notes: 'Running it again changes nothing.',
  database: 'created',
  positionals: {},
  options: {},
  examples: ['ggen-sim db init && echo "Database ready"'],
  async run(_, context) {
    await using database = await context.openDatabase();
    const { path, schemaVersion } = await database.info();
    context.printNotice(`Database ready: ${path} (schema version ${schemaVersion})`);
  },
});

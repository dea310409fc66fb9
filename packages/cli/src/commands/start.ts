import { mkdir } from 'node:fs/promises';
import { defineCommand, type Command } from '../command.ts';
import { workspacePath } from '../locations.ts';

export const start: Command = defineCommand({
  name: 'start',
  summary: 'Create the workspace and the database',
  notes: 'Installs, downloads and runs nothing. Running it again changes nothing.',
  database: 'created',
  positionals: {},
  options: {},
  examples: ['ggen-sim start', 'WORKSPACE_DIR=/srv/ggen ggen-sim start'],
  async run(_, context) {
    const workspace = workspacePath(context.locations);
    await mkdir(workspace, { recursive: true, mode: 0o700 });
    await using database = await context.openDatabase();
    const { path, schemaVersion } = await database.info();
    context.printNotice(`Workspace ready: ${workspace}`);
    context.printNotice(`Database ready:  ${path} (schema version ${schemaVersion})`);
    context.printNotice("Next: 'ggen-sim db save-receipt --help', or 'ggen-sim --help' for all commands");
  },
});

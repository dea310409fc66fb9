import { existsSync } from 'node:fs';
import { defineCommand, type Command } from '../command.ts';
import { hasCode } from '../failures.ts';
import { path } from '../parameters.ts';

export const serveStop: Command = defineCommand({
  name: 'serve stop',
  summary: 'Stop the running server of a database',
  notes: 'Returns when the requests that were running have ended and the server has closed the database.',
  database: 'existing',
  positionals: { file: path({ completes: 'files', description: 'database file, in place of --db' }) },
  options: {},
  examples: ['ggen-sim serve stop'],
  async run({ file }, context) {
    context.useDatabase(file);
    const { databasePath } = context;
    const { stopServer } = await import('@ggen-sim/serve');
    try {
      const { url, processId } = await stopServer(databasePath);
      context.printNotice(`Stopped the server at ${url} (process ${processId}).`);
    } catch (error) {
      // The server of a database that was removed can still be stopped; only then is a missing one an error.
      throw hasCode(error, 'NOT_SERVED') && !existsSync(databasePath)
        ? await context.missingDatabase(error)
        : error;
    }
  },
});

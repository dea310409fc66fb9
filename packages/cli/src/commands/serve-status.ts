import { existsSync } from 'node:fs';
import { defineCommand, type Command } from '../command.ts';
import { CommandFailure } from '../failures.ts';
import { reportJson } from '../output/reports.ts';
import { flag, path } from '../parameters.ts';

export const serveStatus: Command = defineCommand({
  name: 'serve status',
  summary: 'Print address and process of the running server of a database',
  notes:
    'The server writes them, with its token, to a file beside the database that only its owner can read. A server that ' +
    'was killed counts as none, and the exit code is then 1.',
  database: 'existing',
  positionals: { file: path({ completes: 'files', description: 'database file, in place of --db' }) },
  options: { token: flag({ description: 'print the token, and nothing else' }) },
  examples: [
    "ggen-sim serve status | jq -r '.url'",
    'curl -H "Authorization: Bearer $(ggen-sim serve status --token)" "$url/changes"',
  ],
  async run({ file, token: printsToken }, context) {
    context.useDatabase(file);
    const { databasePath } = context;
    const { findServer } = await import('@ggen-sim/serve');
    const state = await findServer(databasePath);
    if (state === undefined) {
      if (!existsSync(databasePath)) throw await context.missingDatabase();
      throw new CommandFailure('NOT_SERVED', `No server serves ${databasePath}`, {
        hint: "Start one with 'ggen-sim serve'",
      });
    }
    const { token, instance: _, ...report } = state;
    if (!printsToken)
      await context.stdout.writeLine(reportJson({ ...report, requiresToken: token !== null }));
    else if (token === null) throw new CommandFailure('NO_TOKEN', 'The server requires no token');
    else await context.stdout.writeLine(token);
  },
});

import { fileURLToPath } from 'node:url';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { reportJson } from '../output/reports.ts';
import { count, flag, path } from '../parameters.ts';

/** Largest number of a TCP port. */
const MAX_PORT = 65_535;

export const studio: Command = defineCommand({
  name: 'studio',
  summary: 'Show the database in a browser until it is stopped',
  notes:
    'Prints the address of the page as JSON. Its token is in the part that browsers do not send, and the page takes it out of ' +
    'the address bar. Only programs on this machine reach the page. It reads; with --write it can change the database as ' +
    'well. What other processes save appears by itself. With the same --port and --token-file, an open page connects again ' +
    'after a restart. Ctrl-C and SIGTERM stop it.',
  database: 'existing',
  positionals: { file: path({ completes: 'files', description: 'database file, in place of --db' }) },
  options: {
    write: flag({ description: 'let the page change the database' }),
    open: flag({ description: 'open the page in the browser of this machine' }),
    port: count({ default: 0, description: 'port to listen at; 0 for one that is free' }),
    tokenFile: path({
      completes: 'files',
      placeholder: 'FILE',
      description:
        'file with the token, which is created with a new one if it does not exist (default: a new token each time)',
    }),
  },
  examples: ['ggen-sim studio', 'ggen-sim studio workspace/.ggen/ggen.db --write --open'],
  ownExitCodes: {
    [EXIT_CODES.ok]: 'stopped by SIGTERM',
    [EXIT_CODES.interrupted]: 'stopped by Ctrl-C',
  },
  async run({ file, write: isWritable, open, port, tokenFile }, context) {
    if (port > MAX_PORT) throw new UsageError(`PORT must be at most ${MAX_PORT}, not '${port}'`);
    context.useDatabase(file);
    const { serveStudio, tokenOfFile } = await import('@ggen-sim/serve');
    const signal = context.interruption.cancellable();
    await using database = await context.openDatabase();
    const server = await serveStudio(database, {
      pageFolder: fileURLToPath(new URL('page/', import.meta.url)),
      isWritable,
      port,
      ...(tokenFile !== undefined && { token: tokenOfFile(tokenFile) }),
    });
    const stop = (): void => void server.stop().catch(() => undefined);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const { pageUrl: url, path: databasePath } = server;
    await context.stdout.writeLine(
      reportJson({ url, database: databasePath, readOnly: !isWritable, processId: process.pid }),
    );
    if (open) {
      const { openInBrowser } = await import('../open-in-browser.ts');
      const failure = await openInBrowser(url);
      if (failure !== undefined)
        context.printNotice(`No browser was opened (${failure}). Open the address yourself.`);
    }
    await server.stopped;
    const { exitCode } = context.interruption;
    return exitCode === EXIT_CODES.terminated ? EXIT_CODES.ok : exitCode;
  },
});

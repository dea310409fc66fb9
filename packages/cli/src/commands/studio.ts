import { fileURLToPath } from 'node:url';
import type { Persistence } from '@ggen-sim/core';
import type { CommandContext } from '../command-context.ts';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure, hasCode, UsageError } from '../failures.ts';
import { reportJson } from '../output/reports.ts';
import { count, flag, path } from '../parameters.ts';

/** Largest number of a TCP port. */
const MAX_PORT = 65_535;

/** Codes of databases of other programs, which can be looked at and nothing else. */
const OTHERS_DATABASES = ['WAL_MODE', 'SCHEMA_MISMATCH'] as const;

/**
 * Opens the database as every command does, or a database of another program for reading only.
 * @throws {CommandFailure} WAL_MODE or SCHEMA_MISMATCH when the page is to change the database
 */
async function openToShow(context: CommandContext, isWritable: boolean): Promise<Persistence> {
  try {
    return await context.openDatabase();
  } catch (error) {
    const code = OTHERS_DATABASES.find((known) => hasCode(error, known));
    if (code === undefined || context.isKeyGiven) throw error;
    const { message, hint } = error as Error & { readonly hint?: string };
    if (isWritable) {
      const instead = 'Leave out --write to look at it as it is.';
      throw new CommandFailure(code, message, {
        hint: `${instead} ${hint ?? ''}`.trim(),
        cause: error as Error,
      });
    }
    const database = await context.openReadOnly();
    context.printNotice(`${message}. It is shown for reading only, and nothing of it is changed.`);
    return database;
  }
}

export const studio: Command = defineCommand({
  name: 'studio',
  summary: 'Show the database in a browser until it is stopped',
  notes:
    'Prints the address of the page as JSON. Its token is in the part that browsers do not send, and the page takes it out of ' +
    'the address bar. Only programs on this machine reach the page. It reads; with --write it can change the database as ' +
    'well. What other processes save appears by itself. A database of another program, in WAL mode too, is shown as it is, ' +
    'with what is in its log, and never changed. With the same --port and --token-file, an open page connects again ' +
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
    await using database = await openToShow(context, isWritable);
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

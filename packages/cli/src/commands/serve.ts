import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { reportJson } from '../output/reports.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { count, flag, optionalText, path, repeatedText, text } from '../parameters.ts';

/** Largest number of a TCP port. */
const MAX_PORT = 65_535;

export const serve: Command = defineCommand({
  name: 'serve',
  summary: 'Serve the database over HTTP until it is stopped',
  notes:
    'Prints the address as JSON. GET /changes streams the events of the change log (SSE), and goes on after ' +
    'Last-Event-ID; GET /metrics is for Prometheus; GET /healthz tells if the database can be read; /mcp serves coding ' +
    'agents, /graphql answers GraphQL, and POST /hooks records events of their hooks (of an encrypted database only with --plain). Nothing is saved without --write. Requests must have the token in the header ' +
    'Authorization: Bearer TOKEN, which serve status --token prints. Only programs on this machine reach the server, ' +
    'unless --host names another address; nothing that is sent is encrypted. Ctrl-C, SIGTERM and serve stop finish the ' +
    'requests that are running.',
  database: 'existing',
  positionals: { file: path({ completes: 'files', description: 'database file, in place of --db' }) },
  options: {
    port: count({ default: 0, description: 'port to listen at; 0 for one that is free' }),
    host: text({ placeholder: 'ADDRESS', default: '127.0.0.1', description: 'address to listen at' }),
    allowHost: repeatedText({
      placeholder: 'NAME',
      description: 'a name by which requests may call the server, beside localhost and addresses',
    }),
    tokenFile: path({
      completes: 'files',
      placeholder: 'FILE',
      description:
        'file with the token, which is created with a new one if it does not exist (default: a new token each time)',
    }),
    noToken: flag({ description: 'require no token; only at an address of this machine alone' }),
    write: flag({ description: 'let requests save: hooks, MCP, GraphQL, OTLP' }),
    agent: optionalText({
      placeholder: 'NAME',
      description: 'the only agent in whose name requests save',
    }),
    plain: flag({
      description:
        'with --write: take events of hooks although the database is encrypted, and their spool is not',
    }),
  },
  exclusive: [['tokenFile', 'noToken']],
  examples: ['ggen-sim serve', 'ggen-sim serve --port 7080 --token-file serve-token'],
  ownExitCodes: {
    [EXIT_CODES.ok]: 'stopped by serve stop or SIGTERM; what was running is finished',
    [EXIT_CODES.interrupted]: 'stopped by Ctrl-C; what was running is finished',
  },
  async run(
    { file, port, host, allowHost: allowedHosts = [], tokenFile, noToken, write: isWritable, agent, plain },
    context,
  ) {
    if (port > MAX_PORT) throw new UsageError(`PORT must be at most ${MAX_PORT}, not '${port}'`);
    context.useDatabase(file);
    const { serveDatabase, tokenOfFile } = await import('@ggen-sim/serve');
    const [{ graphqlRoute }, { mcpRoute }, { hooksRoute }] = await Promise.all([
      import('@ggen-sim/graphql/http'),
      import('@ggen-sim/mcp'),
      import('@ggen-sim/hooks'),
    ]);
    const signal = context.interruption.cancellable();
    await using database = await context.openDatabase();
    if (plain && isWritable && (await database.info()).encryption !== null)
      context.printNotice('What hooks send is not encrypted until it is stored');
    const token = tokenFile === undefined ? {} : { token: tokenOfFile(tokenFile) };
    const server = await serveDatabase(database, {
      host,
      port,
      allowedHosts,
      isWritable,
      ...omitUndefined({ agent }),
      routes: [graphqlRoute(), mcpRoute(), hooksRoute({ databasePath: context.databasePath, plain })],
      ...(noToken ? { token: null } : token),
    });
    const stop = (): void => void server.stop().catch(() => undefined);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const { url, path: databasePath } = server;
    try {
      await context.stdout.writeLine(reportJson({ url, database: databasePath, processId: process.pid }));
      await server.stopped;
    } finally {
      // Where the address cannot be written, nobody would know that it listens.
      await server.stop();
    }
    const { exitCode } = context.interruption;
    return exitCode === EXIT_CODES.terminated ? EXIT_CODES.ok : exitCode;
  },
});

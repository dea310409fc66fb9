import { statSync } from 'node:fs';
import type { NoteSigner, Persistence, RunningSync } from '@ggen-sim/core';
import type { Route, RunningServer, ScopedToken } from '@ggen-sim/serve';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure, failureLine, failureOf, hasCode, UsageError } from '../failures.ts';
import { natsNotice } from '../nats-notice.ts';
import { reportJson } from '../output/reports.ts';
import { nearestWord } from '../nearest-word.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { count, flag, flagOrText, optionalText, path, repeatedText, text } from '../parameters.ts';
import { openSigningKey, publicKeyFile } from '../signing-key.ts';
import type { CallServer } from '../served-call/answer-calls.ts';

/** Largest number of a TCP port. */
const MAX_PORT = 65_535;

export const serve: Command = defineCommand({
  name: 'serve',
  summary: 'Serve the database over HTTP until it is stopped',
  notes:
    'Prints the address as JSON. GET /changes streams the events of the change log (SSE), and goes on after ' +
    'Last-Event-ID; GET /metrics is for Prometheus; GET /healthz tells if the database can be read; /mcp serves coding ' +
    'agents, /graphql answers GraphQL, and POST /hooks records events of their hooks (of an encrypted database only with --plain). Nothing is saved without --write. ' +
    'With --hub, other databases synchronise over this server (sync init http://HOST:PORT): what they send is kept in the hub, ' +
    'which is a file beside the database, another file, or PostgreSQL, whose password is in the variable PGPASSWORD; the ' +
    'database itself is no part of it without --join. With --nats, several servers before one PostgreSQL tell one another of what is new; the ' +
    'variables NATS_CREDS, NATS_USER and NATS_PASSWORD, or NATS_TOKEN hold what NATS asks for, and without it everything arrives ' +
    'a little later. Requests must have the token in the header ' +
    'Authorization: Bearer TOKEN, which serve status --token prints. Only programs on this machine reach the server, ' +
    'unless --host names another address, which needs --tls-cert and --tls-key: it then speaks HTTPS alone. Ctrl-C, SIGTERM and serve stop finish the ' +
    'requests that are running.',
  database: 'existing',
  positionals: { file: path({ completes: 'files', description: 'database file, in place of --db' }) },
  options: {
    port: count({ default: 0, description: 'port to listen at; 0 for one that is free' }),
    host: text({ placeholder: 'ADDRESS', default: '127.0.0.1', description: 'address to listen at' }),
    tlsCert: path({
      completes: 'files',
      placeholder: 'FILE',
      description: 'certificate (PEM) with those of its chain: speak HTTPS',
    }),
    tlsKey: path({
      completes: 'files',
      placeholder: 'FILE',
      description: 'private key (PEM) of the certificate, which nobody else may read',
    }),
    allowHost: repeatedText({
      placeholder: 'NAME',
      description:
        'a name by which requests may call the server, beside localhost, addresses and those in its certificate',
    }),
    hub: flagOrText({
      placeholder: 'LOCATION',
      description:
        'be a hub: over FILE-hub.db beside the database, or LOCATION, a file or postgres://USER@HOST/DATABASE',
    }),
    nats: optionalText({
      placeholder: 'URL',
      description:
        'with --hub postgres://…: nats://HOST:PORT or tls://HOST:PORT, over which several servers of one hub tell one another of pushes',
    }),
    hubTokens: path({
      completes: 'files',
      placeholder: 'FILE',
      description:
        'with --hub: tokens for it alone, a line each: push, pull or push,pull, with @TENANT in PostgreSQL, the token, and whose it is',
    }),
    hubKey: path({
      refusesEmpty: true,
      completes: 'files',
      placeholder: 'FILE',
      description:
        'with --hub: private key that cosigns checkpoints (sync checkpoint); created with FILE.pub if it does not exist',
    }),
    join: flag({
      description:
        'with --hub: synchronise the served database over the hub as well, so that its queries are of all machines',
    }),
    tenant: optionalText({
      refusesEmpty: true,
      placeholder: 'NAME',
      description:
        'with --join: the tenant whose machines it is one of, as a line of --hub-tokens names it (default: default)',
    }),
    allowOrigin: repeatedText({
      placeholder: 'ORIGIN',
      description: 'with --hub: pages of this origin (https://app.example) may synchronise',
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
        'with --write: take events of hooks although the database is encrypted, and their spool is not; with --join: send its rows',
    }),
  },
  exclusive: [['tokenFile', 'noToken']],
  examples: [
    'ggen-sim serve',
    'ggen-sim serve --port 7080 --token-file serve-token',
    'ggen-sim serve --hub --port 7080 --token-file hub-token',
    'ggen-sim serve --hub --join --hub-tokens hub-tokens',
    'ggen-sim serve --hub postgres://ggen@db.example/fleet --hub-tokens hub-tokens --join --tenant acme',
    'ggen-sim serve --host 0.0.0.0 --port 7443 --tls-cert cert.pem --tls-key key.pem',
  ],
  ownExitCodes: {
    [EXIT_CODES.ok]: 'stopped by serve stop or SIGTERM; what was running is finished',
    [EXIT_CODES.interrupted]: 'stopped by Ctrl-C; what was running is finished',
  },
  async run(
    {
      file,
      port,
      host,
      tlsCert,
      tlsKey,
      allowHost: allowedHosts = [],
      allowOrigin: allowedOrigins,
      hub,
      nats,
      hubTokens,
      hubKey,
      join,
      tenant,
      tokenFile,
      noToken,
      write: isWritable,
      agent,
      plain,
    },
    context,
  ) {
    if (port > MAX_PORT) throw new UsageError(`PORT must be at most ${MAX_PORT}, not '${port}'`);
    const needsHub = {
      '--hub-tokens': hubTokens,
      '--hub-key': hubKey,
      '--join': join || undefined,
      '--allow-origin': allowedOrigins,
    };
    const [lonely] = Object.entries(needsHub).find(([, given]) => given !== undefined) ?? [];
    if (hub === undefined && lonely !== undefined) throw new UsageError(`${lonely} needs --hub`);
    if (tenant !== undefined && !join) throw new UsageError('--tenant needs --join');
    if (tenant !== undefined) await checkTenantName(tenant);
    if (nats !== undefined && !isPostgres(hub)) throw new UsageError('--nats needs --hub postgres://…');
    if (tlsCert !== undefined && tlsKey === undefined) throw new UsageError('--tls-cert needs --tls-key');
    if (tlsKey !== undefined && tlsCert === undefined) throw new UsageError('--tls-key needs --tls-cert');
    context.useDatabase(file);
    const { serveDatabase, tlsOfFiles, tokenOfFile } = await import('@ggen-sim/serve');
    const [{ graphqlRoute }, { mcpRoute }, { hooksRoute }] = await Promise.all([
      import('@ggen-sim/graphql/http'),
      import('@ggen-sim/mcp'),
      import('@ggen-sim/hooks'),
    ]);
    const [{ answerCalls }, { runFor }] = await Promise.all([
      import('../served-call/answer-calls.ts'),
      import('../command-line.ts'),
    ]);
    const tls = tlsCert === undefined || tlsKey === undefined ? undefined : tlsOfFiles(tlsCert, tlsKey);
    const signal = context.interruption.cancellable();
    await using database = await context.openDatabase();
    const { encryption, path: realPath } = await database.info();
    if (join && encryption !== null && !plain) {
      throw new UsageError(
        'The database is encrypted, and the hub is not',
        'Give --plain to send its rows there without encryption, or leave out --join',
      );
    }
    if (plain && isWritable && encryption !== null)
      context.printNotice('What hooks send is not encrypted until it is stored');
    const token = tokenFile === undefined ? {} : { token: tokenOfFile(tokenFile) };
    const readAs = stampOf(hubTokens);
    const scopedTokens = hubTokens === undefined ? undefined : await tokensOfHub(hubTokens);
    const hubLocation = hub === undefined ? undefined : await locationOfHub(hub, context.databasePath);
    const tenants = new Set(scopedTokens?.flatMap((scoped) => scoped.tenant ?? []));
    if (tenant !== undefined) await checkKnownTenant(tenant, tenants);
    const cosigner = hubKey === undefined ? undefined : await cosignerOfFile(hubKey, context);
    const routes =
      hubLocation === undefined
        ? []
        : await hubAt(hubLocation, omitUndefined({ nats, cosigner }), tenants, context);
    let calls: Promise<CallServer | undefined> | undefined;
    let joined: RunningSync | undefined;
    const server = await serveDatabase(database, {
      host,
      port,
      allowedHosts,
      isWritable,
      ...omitUndefined({ agent, allowedOrigins, scopedTokens, tls }),
      routes: [
        graphqlRoute(),
        mcpRoute(),
        hooksRoute({ databasePath: context.databasePath, plain }),
        ...routes,
      ],
      ...(noToken ? { token: null } : token),
      async beforeClosing() {
        await joined?.stop();
        await (await calls)?.stop();
      },
    });
    // Calls of other processes of this user do whatever they would do to the file: a server with limits is not for them.
    if (isWritable && agent === undefined && encryption === null && realPath !== null)
      calls = answerCalls(database, realPath, runFor);
    const stop = (): void => void server.stop().catch(() => undefined);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const { url, path: databasePath } = server;
    const endWatch = hubTokens === undefined ? undefined : followTokens(hubTokens, readAs, server, context);
    try {
      if (join && hubLocation !== undefined)
        joined = await joinHub(database, hubLocation, omitUndefined({ tenant, nats }), context);
      await calls;
      const report = { url, database: databasePath, processId: process.pid };
      await context.stdout.writeLine(
        reportJson(hubLocation === undefined ? report : { ...report, hub: hubLocation }),
      );
      await server.stopped;
    } finally {
      endWatch?.();
      // Where the address cannot be written, nobody would know that it listens.
      await server.stop();
    }
    const { exitCode } = context.interruption;
    return exitCode === EXIT_CODES.terminated ? EXIT_CODES.ok : exitCode;
  },
});

/** What a token of a hub can be for. */
const HUB_SCOPES = ['push', 'pull'];

/** A system may report no changes of a file in a shared folder, or of one that is replaced; looking at it always works. */
const LOOK_INTERVAL_MS = 1000;

/** @throws {UsageError} for what cannot be the name of a tenant */
async function checkTenantName(name: string): Promise<void> {
  const { isTenant } = await import('@ggen-sim/sync/hub');
  if (!isTenant(name))
    throw new UsageError(`NAME of --tenant must be 1 to 64 letters, digits, _, . and -, not '${name}'`);
}

/**
 * Refuses a tenant that no token names: a misspelt one would be a new tenant without any other machine.
 * @throws {UsageError}
 */
async function checkKnownTenant(name: string, named: ReadonlySet<string>): Promise<void> {
  const { DEFAULT_TENANT } = await import('@ggen-sim/sync/hub');
  if (name === DEFAULT_TENANT || named.has(name)) return;
  const nearest = nearestWord([...named], name);
  throw new UsageError(
    `There is no tenant '${name}': no line of --hub-tokens names it`,
    nearest === undefined
      ? `Add a line such as push,pull@${name} TOKEN to that file`
      : `Did you mean ${nearest}?`,
  );
}

/** Reads the file of tokens. @throws {ServeError} TOKEN_FILE_REFUSED */
async function tokensOfHub(file: string): Promise<ScopedToken[]> {
  const [{ scopedTokensOfFile }, { isTenant }] = await Promise.all([
    import('@ggen-sim/serve'),
    import('@ggen-sim/sync/hub'),
  ]);
  return scopedTokensOfFile(file, HUB_SCOPES, isTenant);
}

/** Reads the file of tokens again when it changes. While it cannot be used, the tokens of before stay. @returns ends it */
function followTokens(
  file: string,
  readAs: string,
  server: RunningServer,
  context: CommandContext,
): () => void {
  let before = readAs;
  const look = async (): Promise<void> => {
    const now = stampOf(file);
    if (now === before) return;
    before = now;
    try {
      server.setScopedTokens(await tokensOfHub(file));
      context.printNotice(`The tokens are those that ${file} has now`);
    } catch (error) {
      context.printNotice(failureLine({ ...failureOf(error), hint: 'The tokens are those of before' }));
    }
  };
  const timer = setInterval(() => void look(), LOOK_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Tells one state of a file from the next; empty where there is none. */
function stampOf(file: string | undefined): string {
  const status = file === undefined ? undefined : statSync(file, { bigint: true, throwIfNoEntry: false });
  return status === undefined ? '' : `${status.ino} ${status.mtimeNs} ${status.size}`;
}

/** Returns where the hub is. @throws {SyncError} SYNC_TARGET_INVALID, also for a URL with a password, which others could see */
async function locationOfHub(given: string | null, databasePath: string): Promise<string> {
  if (given === null) return `${databasePath}-hub.db`;
  const { checkStoredLocation } = await import('@ggen-sim/sync');
  const location = checkStoredLocation(given);
  if (!/^https?:/u.test(location)) return location;
  throw new UsageError(
    '--hub is where the hub keeps what it is sent: a file or PostgreSQL, not another hub',
    "To synchronise over another hub, use 'ggen-sim sync init'",
  );
}

function isPostgres(hub: string | null | undefined): boolean {
  return /^postgres(?:ql)?:\/\//u.test(hub ?? '');
}

/**
 * Synchronises the served database over the hub of this server until it stops.
 * @throws {UsageError} where it has another target
 * @throws {CommandFailure} SYNC_TARGET_CHANGED where it is a machine of another tenant
 */
async function joinHub(
  database: Persistence,
  hub: string,
  { tenant, nats }: { readonly tenant?: string; readonly nats?: string },
  context: CommandContext,
): Promise<RunningSync> {
  const [{ assertSameTarget, backgroundSync, checkLocation, openTarget, syncStatus }, hubs] =
    await Promise.all([import('@ggen-sim/sync'), import('@ggen-sim/sync/hub')]);
  const { target } = await syncStatus(database);
  if (target !== null && target !== checkLocation(hub)) {
    throw new UsageError(
      `The database is synchronised over ${target}`,
      "Leave out --join, or set this hub with 'ggen-sim sync init'",
    );
  }
  const joined = tenant ?? hubs.DEFAULT_TENANT;
  const ofTenant = hubs.tenantTarget(await openTarget(hub, omitUndefined({ nats })), joined);
  try {
    await assertSameTarget(database, ofTenant);
  } catch (error) {
    await ofTenant.close();
    if (!hasCode(error, 'SYNC_TARGET_CHANGED')) throw error;
    throw new CommandFailure(
      error.code,
      `The database does not belong to the tenant '${joined}': it is a machine of another one, or the hub was made anew`,
      {
        hint:
          'Nothing was sent. Name its tenant with --tenant, serve another database, or give this one to ' +
          `'${joined}', with all that it has, by 'ggen-sim sync init'`,
        cause: error,
      },
    );
  }
  let failed: string | undefined;
  return backgroundSync(hub, {
    openTarget: async () => ofTenant,
    onReport(report) {
      const line = 'error' in report ? failureLine(failureOf(report.error)) : undefined;
      // It is tried again every few seconds.
      if (line !== undefined && line !== failed) context.printNotice(line);
      failed = line;
    },
  }).start(database);
}

/** Reads the key that cosigns, or makes one. Its name is that of no host: several servers of one hub share it. */
async function cosignerOfFile(file: string, context: CommandContext): Promise<NoteSigner> {
  const { signer, isNew } = await openSigningKey(file, `ggen-sim.dev/hub/${crypto.randomUUID()}`, true);
  if (isNew) context.printNotice(`Created the private key ${file} and the public key ${publicKeyFile(file)}`);
  return signer;
}

/** Makes the routes of a hub, which is created where there is none. What cannot be used is refused before anything listens. */
async function hubAt(
  location: string,
  options: { readonly nats?: string; readonly cosigner?: NoteSigner },
  tenants: ReadonlySet<string>,
  context: CommandContext,
): Promise<Route[]> {
  const [{ openTarget }, { hubRoutes, tenantTarget }] = await Promise.all([
    import('@ggen-sim/sync'),
    import('@ggen-sim/sync/hub'),
  ]);
  const target = await openTarget(location, {
    ...options,
    onNatsChange: (failure) => context.printNotice(natsNotice(failure)),
  });
  try {
    await target.id();
    for (const tenant of tenants) await tenantTarget(target, tenant).id();
  } catch (error) {
    await target.close();
    if (!hasCode(error, 'SYNC_UNREACHABLE')) throw error;
    // Its remedy is one for a database whose saves go on meanwhile.
    const { message, code } = error;
    throw new CommandFailure(code, message, { hint: 'The server was not started', cause: error });
  }
  return hubRoutes(target, {
    onUnavailable: (error) => context.printNotice(failureLine(failureOf(error))),
  });
}

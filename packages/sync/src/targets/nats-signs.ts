/**
 * Signs over NATS by which the servers of one PostgreSQL tell one another of pushes. A sign says that it is time to look, and
 * whoever gets it looks in PostgreSQL: one that is lost, or that somebody else has made, changes no row and no position. So
 * nothing is kept in NATS (JetStream), and nothing waits for it.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type * as Nats from '@nats-io/transport-node';
import type { Authenticator, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { SyncError } from '../errors.ts';
import type { OnNatsChange } from './local-targets.ts';

/** Signs of pushes to the hubs of all tenants. */
export interface NatsSigns {
  /** True while signs of others are heard. */
  readonly isConnected: boolean;
  /** Gives a sign to others; without effect while NATS cannot be reached. */
  send(hubId: string, position: number): void;
  /** Calls back for each sign of others, and when signs are heard again. @returns ends it */
  listen(hubId: string, onSign: () => void): () => void;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
/** A connection is lost when two of these were not answered. */
const PING_INTERVAL_MS = 10_000;
/** Waits before it connects again: each is twice the one before, up to the last, and jittered. */
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;

const SUBJECT = 'ggen-sim.sync.v1';

/** Takes the place of the id of a hub in a message that only tells if this user may publish. */
const NO_HUB = 'none';

/** True for addresses of NATS servers, with commas between them. */
const SERVER = /^(?:nats|tls):\/\/[^\s/?#@,]+\/?$/i;

/**
 * Checks the addresses of NATS servers. The message does not repeat them: they may hold a secret.
 * @throws {SyncError} SYNC_TARGET_INVALID
 */
export function checkNatsServers(servers: string): string[] {
  const list = servers.split(',').map((server) => server.trim());
  const isTls = list.map((server) => /^tls:/i.test(server));
  const isRight = list.every((server) => SERVER.test(server) && URL.canParse(server));
  if (isRight && new Set(isTls).size === 1) return list;
  throw new SyncError('SYNC_TARGET_INVALID', 'The address of NATS is none', {
    hint: 'Give nats://HOST:PORT or tls://HOST:PORT, several of one kind with commas between them; give user and token in NATS_USER and NATS_PASSWORD, NATS_TOKEN or NATS_CREDS.',
  });
}

/**
 * Connects in the background, and again whenever the connection was lost. Credentials are those of the variables that NATS's
 * own command has: NATS_CREDS, the path of a file; NATS_USER and NATS_PASSWORD; NATS_TOKEN. NATS_CA is the path of a certificate.
 * @throws {SyncError} SYNC_TARGET_INVALID
 */
export async function natsSigns(
  servers: string,
  environment: Readonly<Record<string, string | undefined>>,
  onChange?: OnNatsChange,
): Promise<NatsSigns> {
  const list = checkNatsServers(servers);
  const nats = await loadNats();
  return new Signs(nats, optionsOf(nats, list, environment), onChange);
}

/** It is an optional dependency: nothing but this needs it. */
async function loadNats(): Promise<typeof Nats> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    throw new SyncError('SYNC_TARGET_INVALID', 'The client of NATS is not installed', {
      hint: 'npm install @nats-io/transport-node',
      cause,
    });
  }
}

function optionsOf(
  nats: typeof Nats,
  servers: string[],
  environment: Readonly<Record<string, string | undefined>>,
): NodeConnectionOptions {
  const of = (name: string): string | undefined => environment[name] || undefined;
  const [creds, user, token, ca] = ['NATS_CREDS', 'NATS_USER', 'NATS_TOKEN', 'NATS_CA'].map(of);
  const isTls = /^tls:/i.test(servers[0] ?? '');
  return {
    servers,
    name: 'ggen-sim sync',
    // It is connected again here, so that nothing is kept to be sent later.
    reconnect: false,
    noEcho: true,
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    // A server that offers no TLS is refused then, before anything secret is sent.
    ...(isTls && { tls: ca === undefined ? {} : { ca: read('NATS_CA', ca).toString('utf8') } }),
    ...(creds !== undefined && { authenticator: authenticatorOf(nats, creds) }),
    ...(user !== undefined && { user, pass: of('NATS_PASSWORD') ?? '' }),
    ...(token !== undefined && { token }),
  };
}

/** @throws {SyncError} SYNC_TARGET_INVALID for a file without a key */
function authenticatorOf(nats: typeof Nats, file: string): Authenticator {
  const authenticator = nats.credsAuthenticator(read('NATS_CREDS', file));
  try {
    authenticator('checked');
  } catch (cause) {
    throw new SyncError('SYNC_TARGET_INVALID', 'The file of NATS_CREDS holds no credentials', {
      hint: "Give the path of a file as 'nsc generate creds' makes it.",
      cause,
    });
  }
  return authenticator;
}

function read(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SyncError(
      'SYNC_TARGET_INVALID',
      `The file of ${variable} cannot be read: ${messageOf(cause)}`,
      {
        hint: `Give the path of a file that is there in ${variable}.`,
        cause,
      },
    );
  }
}

class Signs implements NatsSigns {
  readonly #nats: typeof Nats;
  readonly #options: NodeConnectionOptions;
  readonly #onChange: OnNatsChange | undefined;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #closed = new AbortController();
  #connection: NatsConnection | undefined;
  /** Why it could not be used since it was used last: each reason is told once. */
  readonly #reasons = new Set<string>();

  constructor(nats: typeof Nats, options: NodeConnectionOptions, onChange: OnNatsChange | undefined) {
    this.#nats = nats;
    this.#options = options;
    this.#onChange = onChange;
    void this.#run();
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  send(hubId: string, position: number): void {
    try {
      this.#connection?.publish(`${SUBJECT}.${hubId}`, String(position));
    } catch {
      // The connection has just ended: whoever waits looks by itself.
    }
  }

  listen(hubId: string, onSign: () => void): () => void {
    const listeners = this.#listeners.get(hubId) ?? new Set();
    this.#listeners.set(hubId, listeners);
    const listener = (): void => onSign();
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#connection?.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const connection = await this.#nats.connect(this.#options);
        const connectedAt = performance.now();
        const refused = refusalOf(connection);
        // Signs of all tenants, of which those are passed on that somebody here waits for.
        connection.subscribe(`${SUBJECT}.*`, {
          callback: (error, { subject }) => {
            if (error === null) this.#tell(subject.slice(SUBJECT.length + 1));
          },
        });
        connection.publish(`${SUBJECT}.${NO_HUB}`);
        // Answered after both, so from here on nothing is missed; a refusal has come before.
        await connection.flush();
        const refusal = await Promise.race([refused, pause(0)]);
        if (refusal !== undefined) {
          await connection.close();
          throw refusal;
        }
        this.#connection = connection;
        this.#report(null);
        for (const hubId of this.#listeners.keys()) this.#tell(hubId);
        if (signal.aborted) await connection.close();
        const ended = connection.closed().then((error) => error ?? new Error('the connection has ended'));
        const reason = await Promise.race([ended, refused]);
        // A server that ends each connection soon is not asked again and again.
        if (performance.now() - connectedAt > MAX_RETRY_MS) failures = 0;
        this.#connection = undefined;
        await connection.close();
        this.#report(reason);
        // Whoever has waited for signs looks by itself from here on, and at once: one may be lost already.
        for (const hubId of this.#listeners.keys()) this.#tell(hubId);
      } catch (error) {
        this.#report(error);
      }
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS) * (0.5 + Math.random() / 2);
      // Closing ends the wait.
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(hubId: string): void {
    for (const listener of this.#listeners.get(hubId) ?? []) listener();
  }

  #report(error: unknown): void {
    if (this.#closed.signal.aborted) return;
    const failure = error === null ? null : unreachable(error);
    if (failure === null) this.#reasons.clear();
    else if (this.#reasons.has(failure.message)) return;
    else this.#reasons.add(failure.message);
    this.#onChange?.(failure);
  }
}

/** Resolves with what the server refuses of a connection that stays, such as a subject that the user may not use. */
function refusalOf(connection: NatsConnection): Promise<Error> {
  return new Promise((resolve) => {
    void (async () => {
      for await (const status of connection.status()) if (status.type === 'error') resolve(status.error);
    })();
  });
}

function unreachable(error: unknown): SyncError {
  return new SyncError('SYNC_UNREACHABLE', `NATS cannot be used: ${messageOf(error)}`, {
    hint: 'Everything still arrives, only later: PostgreSQL is looked at every second.',
    cause: error,
  });
}

function messageOf(error: unknown): string {
  const { message, cause } = error as Error;
  const reason = cause instanceof Error && cause.message !== '' ? `${message} (${cause.message})` : message;
  return reason || String(error);
}

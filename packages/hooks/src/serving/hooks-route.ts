/** Hooks that post their event to a server. The answer comes when the event is on the disk, and before it is in the database. */
import type { ServerResponse } from 'node:http';
import type { Persistence } from '@ggen-sim/core';
import { redactedEvent } from '../mapping/redaction.ts';
import { eventOf } from '../recording/hook-event.ts';
import { drain } from '../spool/drain.ts';
import { appendToSpool } from '../spool/spool-file.ts';

/** A request that passed the checks of the HTTP server: an `Exchange` of `@ggen-sim/serve`. */
export interface HookExchange {
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly database: Persistence;
  /** True when the database file is encrypted. */
  readonly isEncrypted: boolean;
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  readonly readBody: () => Promise<Buffer>;
}

/** A `Route` of `@ggen-sim/serve`. */
export interface HooksRoute {
  readonly methods: readonly 'POST'[];
  readonly path: string;
  readonly writes: true;
  readonly handle: (exchange: HookExchange) => Promise<void>;
  /** Stores the events that were taken. */
  readonly stop: () => Promise<void>;
}

/** Options of {@link hooksRoute}. */
export interface HooksRouteOptions {
  /** Path of the database file; the spool is beside it. */
  readonly databasePath: string;
  /** @default '/hooks' */
  readonly path?: string;
  /** Keep the text of prompts. @default false: their SHA-256 and length */
  readonly keepPrompts?: boolean;
  /**
   * Take events for an encrypted database too. They wait in the spool without encryption until they are stored.
   * @default false: they are answered with 403 `ENCRYPTED_DATABASE`
   */
  readonly plain?: boolean;
}

/** Time for which the first events after a pause are collected before they are stored. */
const COLLECT_MS = 100;
/**
 * Least time between two transactions while events keep coming, so that many make one. Its commit waits for the disk several
 * times, in the thread that answers: an agent should seldom meet it.
 */
const BETWEEN_STORING_MS = 2000;
/** Pause after which events are tried again that the database did not take: it was locked, or the disk was full. */
const RETRY_MS = 5000;

/**
 * Makes the route for hooks. An event becomes what `recordHook` makes of it: a line of the spool. Then it is answered with
 * 204, which the agent takes for "go on", and stored by this process, or, if that is killed, by the next one that drains.
 * The parameter `agent` of the address is the agent in whose name it is stored. No file that an event names is read: who may
 * save need not be allowed to read the files of this machine.
 */
export function hooksRoute(options: HooksRouteOptions): HooksRoute {
  const { databasePath, path = '/hooks', keepPrompts = false, plain = false } = options;
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<void> | undefined;
  let isStopped = false;
  let storedAtMs = -Infinity;

  const store = (database: Persistence): void => {
    timer = undefined;
    // A second drain would leave the events to the first, which may have read the spool before they were in it.
    if (storing !== undefined) {
      storeLater(database, BETWEEN_STORING_MS);
      return;
    }
    storing = drain(database, databasePath)
      .then(
        () => undefined,
        // The events stay in the spool.
        () => storeLater(database, RETRY_MS),
      )
      .finally(() => {
        storing = undefined;
        storedAtMs = performance.now();
      });
  };
  const storeLater = (database: Persistence, delayMs: number): void => {
    if (isStopped) return;
    timer ??= setTimeout(store, delayMs, database);
    timer.unref();
  };
  let served: Persistence | undefined;

  return {
    methods: ['POST'],
    path,
    writes: true,
    async handle({ response, query, database, isEncrypted, agentThatWrites, readBody }) {
      if (isEncrypted && !plain) {
        refuseEncrypted(response);
        return;
      }
      const agent = agentThatWrites(query.get('agent') || undefined);
      const text = (await readBody()).toString('utf8');
      const event = eventOf(text, { keepPrompts, overHttp: true, ...(agent !== undefined && { agent }) });
      // Looking for secrets takes longer than all other work on an event, so each answer waits for its own and no other.
      appendToSpool(databasePath, JSON.stringify(await redactedEvent(event)));
      response.writeHead(204).end();
      served = database;
      storeLater(database, Math.max(COLLECT_MS, storedAtMs + BETWEEN_STORING_MS - performance.now()));
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await storing;
      // Where the database does not take them, they wait in the spool.
      if (served !== undefined) await drain(served, databasePath).catch(() => undefined);
    },
  };
}

function refuseEncrypted(response: ServerResponse): void {
  const error = {
    code: 'ENCRYPTED_DATABASE',
    message:
      'The database is encrypted, and events would wait beside it without encryption until they are stored',
    hint: 'Start the server with --plain (`plain` of the route) to take them all the same. Nothing was stored',
  };
  const body = Buffer.from(`${JSON.stringify({ error })}\n`);
  response.writeHead(403, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
  });
  response.end(body);
}

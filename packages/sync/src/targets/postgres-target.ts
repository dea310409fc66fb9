/** A target in PostgreSQL. One connection, which is opened again after it was lost. */
import pg from 'pg';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { Hub } from '../hub/hub.ts';
import type { HubDatabase, HubSession } from '../hub/hub-database.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A statement of a push takes well below a second; one that waits for other pushes may take longer. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** The client ends a wait for a server that is gone without a word; one that is there has ended the statement before. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5000;

/** The server is a standby, or has become one. */
const READ_ONLY = '25006';

/** Classes of SQLSTATE (PostgreSQL, appendix A) after which the same transaction may succeed. */
const IS_TRANSIENT = /^(?:25006|40001|40P01|08\w{3}|57P0\d|53\w{3})$/;

/** Another transaction was first: the same one succeeds at once. Two that create a table at once end in one of the latter. */
const LOST_TO_ANOTHER = /^(?:40001|40P01|42P07|23505)$/;
const MAX_ATTEMPTS = 10;

/**
 * Makes a target in PostgreSQL; the first call connects. What the URL leaves out comes from the variables of libpq, such as
 * PGPASSWORD.
 * @param url - `postgres://…`
 */
export function postgresTarget(url: string): SyncTarget {
  return new Hub(new PostgresHub(url));
}

class PostgresHub implements HubDatabase {
  readonly #url: string;
  #client: pg.Client | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
  }

  transaction<T>(work: (session: HubSession) => Promise<T>): Promise<T> {
    const run = this.#last.then(() => this.#attempts(work));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#disconnect();
  }

  async #attempts<T>(work: (session: HubSession) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        const canRetry = error instanceof pg.DatabaseError && LOST_TO_ANOTHER.test(error.code ?? '');
        if (!canRetry || attempt === MAX_ATTEMPTS) throw failureOf(error);
      }
    }
  }

  async #attempt<T>(work: (session: HubSession) => Promise<T>): Promise<T> {
    const client = await this.#connected();
    try {
      await client.query('BEGIN');
      const result = await work({
        async query(sql, values = []) {
          const { rows } = await client.query<unknown[]>({
            text: sql,
            values: [...values],
            rowMode: 'array',
          });
          return rows;
        },
      });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // Another connection may reach the server that writes, or one that answers.
      const isUsable =
        error instanceof SyncError || (error instanceof pg.DatabaseError && error.code !== READ_ONLY);
      if (isUsable) await client.query('ROLLBACK').catch(() => this.#disconnect());
      else await this.#disconnect();
      throw error;
    }
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    try {
      const client = new pg.Client({
        connectionString: this.#url,
        application_name: 'ggen-sim sync',
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        statement_timeout: STATEMENT_TIMEOUT_MS,
        query_timeout: QUERY_TIMEOUT_MS,
        keepAlive: true,
      });
      // A connection that ends while nothing runs is opened again by the next call.
      client.on('error', () => {
        if (this.#client === client) this.#client = undefined;
      });
      await client.connect();
      this.#client = client;
      return client;
    } catch (error) {
      throw unreachable(error);
    }
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof SyncError) return error;
  if (error instanceof pg.DatabaseError && !IS_TRANSIENT.test(error.code ?? '')) {
    return new SyncError('SYNC_INVALID', `PostgreSQL refused a statement: ${error.message}`, {
      cause: error,
    });
  }
  return unreachable(error);
}

function unreachable(error: unknown): SyncError {
  // The failures of several addresses come as one error without a message.
  const { message, code, errors } = error as Error & { readonly code?: string; readonly errors?: Error[] };
  const reason = message || errors?.[0]?.message || code || String(error);
  return new SyncError('SYNC_UNREACHABLE', `PostgreSQL cannot be reached: ${reason}`, {
    // The server refuses a wrong password, the client itself a missing one.
    hint:
      String(code).startsWith('28') || reason.startsWith('SASL')
        ? 'Give the password in the variable PGPASSWORD.'
        : 'Saves go on here. Synchronise again when it can be reached.',
    cause: error,
  });
}

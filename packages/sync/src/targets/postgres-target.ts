/** A target in PostgreSQL. One connection, which is opened again after it was lost. */
import type { NoteSigner } from '@ggen-sim/core';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { TenantTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { TenantHub } from '../hub/hub.ts';
import type { HubDatabase, HubSession, HubTable } from '../hub/hub-database.ts';
import type { NatsSigns } from './nats-signs.ts';

/** Time between two looks at the position, one row, where nobody gives a sign. */
const LOOK_INTERVAL_MS = 1000;

const CONNECT_TIMEOUT_MS = 10_000;
/** Closing waits so long for the transaction that is running, and then ends it with the connection. */
const CLOSE_TIMEOUT_MS = 5000;
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

/** Any number, the same in every server of a hub: `ggen` in ASCII. */
const SCHEMA_LOCK = 0x67_67_65_6e;

/**
 * Makes a target in PostgreSQL; the first call connects. What the URL leaves out comes from the variables of libpq, such as
 * PGPASSWORD.
 * @param url - `postgres://…`
 * @param signs - over which servers tell one another of pushes; closed with the target
 */
export function postgresTarget(url: string, signs?: NatsSigns, cosigner?: NoteSigner): TenantTarget {
  return new TenantHub(new PostgresHub(url, signs), cosigner);
}

class PostgresHub implements HubDatabase {
  readonly #url: string;
  readonly #signs: NatsSigns | undefined;
  #client: pg.Client | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(url: string, signs: NatsSigns | undefined) {
    this.#url = url;
    this.#signs = signs;
  }

  watch(hubId: string, onChange: () => void): () => void {
    // NOTIFY would need a connection of its own, which poolers and the distributed kin of PostgreSQL do not give.
    const timer = setInterval(() => {
      if (this.#signs?.isConnected !== true) onChange();
    }, LOOK_INTERVAL_MS);
    const endSigns = this.#signs?.listen(hubId, onChange);
    return () => {
      clearInterval(timer);
      endSigns?.();
    };
  }

  signal(hubId: string, position: number): void {
    this.#signs?.send(hubId, position);
  }

  transaction<T>(tenant: string, work: (session: HubSession) => Promise<T>): Promise<T> {
    const run = this.#last.then(() => this.#attempts(tenant, work));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    // A server that is gone without a word would keep the program for a minute: what it had not committed is sent again.
    const waited = new AbortController();
    await Promise.race([this.#last, pause(CLOSE_TIMEOUT_MS, undefined, waited).catch(() => undefined)]);
    waited.abort();
    this.#isClosed = true;
    await this.#signs?.close();
    await this.#disconnect();
  }

  async #attempts<T>(tenant: string, work: (session: HubSession) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(tenant, work);
      } catch (error) {
        const canRetry = error instanceof pg.DatabaseError && LOST_TO_ANOTHER.test(error.code ?? '');
        if (!canRetry || attempt === MAX_ATTEMPTS) throw failureOf(error);
      }
    }
  }

  async #attempt<T>(tenant: string, work: (session: HubSession) => Promise<T>): Promise<T> {
    const client = await this.#connected();
    try {
      // Row-level security compares the tenant, until the transaction ends.
      await client.query(`BEGIN; SET LOCAL ggen_sim.tenant = ${pg.escapeLiteral(tenant)}`);
      const result = await work(sessionOver(client, tenant));
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
    // Those that waited for a transaction that closing has ended.
    if (this.#isClosed) throw unreachable(new Error('the target was closed'));
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

function sessionOver(client: pg.Client, tenant: string): HubSession {
  const query: HubSession['query'] = async (sql, values = []) => {
    const { rows } = await client.query<unknown[]>({ text: sql, values: [...values], rowMode: 'array' });
    return rows;
  };
  return {
    tenant,
    query,
    async insert({ name, columns }, rows, ifAbsent = false) {
      const names = Object.keys(columns);
      const typed = Object.entries(columns).map(([column, type]) => `${column} ${type.split(' ')[0]}`);
      // One JSON for all rows: the statement is short, and nothing makes it faster than the runtime itself.
      const json = JSON.stringify(
        rows.map((row) => Object.fromEntries(names.map((column, index) => [column, row[index]]))),
      );
      await query(
        `INSERT INTO ${name} (${names.join()})
         SELECT ${names.join()} FROM json_to_recordset($1) AS rows (${typed.join()})
         ${ifAbsent ? 'ON CONFLICT DO NOTHING' : ''}`,
        [json],
      );
    },
    isAmong: (parameter) => `= ANY(${parameter})`,
    async lockSchema() {
      await query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    },
    async hasTable(name) {
      // The server may still think that there is none, if asked by to_regclass: that looks into no table.
      const rows = await query('SELECT 1 FROM pg_class WHERE relname = $1 AND pg_table_is_visible(oid)', [
        name,
      ]);
      return rows.length > 0;
    },
    async isolate(tables) {
      for (const { name } of tables) {
        const isOfTenant = `tenant = current_setting('ggen_sim.tenant', true)`;
        // Forced: its owner is the one who uses the table.
        await query(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`);
        await query(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`);
        await query(`CREATE POLICY ggen_tenant ON ${name} USING (${isOfTenant}) WITH CHECK (${isOfTenant})`);
      }
    },
    assertIsolated: (tables) => assertIsolated(query, tables),
  };
}

/** Makes sure that PostgreSQL shows this user the rows of one tenant alone. @throws {SyncError} SYNC_TARGET_INVALID */
async function assertIsolated(query: HubSession['query'], tables: readonly HubTable[]): Promise<void> {
  const [role] = await query(
    'SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user',
  );
  if (role?.[1] !== false) {
    throw new SyncError(
      'SYNC_TARGET_INVALID',
      `The user ${String(role?.[0])} of PostgreSQL is above row-level security, so it cannot keep tenants apart`,
      { hint: 'Use one without SUPERUSER and BYPASSRLS that owns the database.' },
    );
  }
  for (const { name } of tables) {
    const [row] = await query(
      'SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = to_regclass($1)',
      [name],
    );
    if (row?.[0] === true) continue;
    throw new SyncError('SYNC_TARGET_INVALID', `Row-level security of the table ${name} is turned off`, {
      hint: `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    });
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

/**
 * A target over SQL tables. Everything that a push changes, and the cursor, is one transaction; so sending anything again has
 * no effect.
 */
import { randomUUID } from 'node:crypto';
import { cosignCheckpoint, PersistenceError, type NoteSigner } from '@ggen-sim/core';
import { chainAfter, START } from '../contract/chain.ts';
import type {
  ChainPosition,
  PulledBatch,
  PullRequest,
  PushedBatch,
  SyncTarget,
  TenantTarget,
} from '../contract/sync-target.ts';
import { DEFAULT_TENANT } from '../contract/tenant.ts';
import { forked, SyncError } from '../errors.ts';
import { ChangeWriter } from './change-writer.ts';
import { checkCheckpoint } from './check-checkpoint.ts';
import { checkKey } from './check-key.ts';
import type { HubDatabase, HubSession } from './hub-database.ts';
import { HubNews } from './hub-news.ts';
import { ENTRIES, prepareHub, PUSHES } from './hub-schema.ts';
import { readChanges } from './read-changes.ts';
import {
  checkLeaves,
  checkOrigin,
  checkPullRequest,
  checkPushedBatch,
  checkTenant,
} from './request-checks.ts';

/** A {@link SyncTarget} over a database that the caller opened. */
export class Hub implements SyncTarget {
  readonly #database: HubDatabase;
  readonly #tenant: string;
  readonly #cosigner: NoteSigner | undefined;
  #id: Promise<string> | undefined;
  #news: HubNews | undefined;

  /** @param cosigner - signs checkpoints that fit to the entries here; without one, none is cosigned */
  constructor(database: HubDatabase, cosigner?: NoteSigner, tenant: string = DEFAULT_TENANT) {
    this.#database = database;
    this.#cosigner = cosigner;
    this.#tenant = tenant;
  }

  async id(): Promise<string> {
    this.#id ??= this.#transaction(prepareHub);
    try {
      return await this.#id;
    } catch (error) {
      // The next call tries again.
      this.#id = undefined;
      throw error;
    }
  }

  async cursor(origin: string): Promise<ChainPosition> {
    checkOrigin(origin);
    await this.id();
    return this.#transaction((session) => readCursor(session, origin));
  }

  async unknown(leaves: readonly string[]): Promise<readonly string[]> {
    checkLeaves(leaves);
    if (leaves.length === 0) return [];
    await this.id();
    const known = await this.#transaction((session) =>
      session.query(
        `SELECT change_key FROM ggen_changes WHERE tenant = $1 AND change_key ${session.isAmong('$2')}`,
        [session.tenant, leaves],
      ),
    );
    const keys = new Set(known.map(([key]) => key));
    return leaves.filter((leaf) => !keys.has(leaf));
  }

  async push(batch: PushedBatch): Promise<ChainPosition> {
    checkPushedBatch(batch);
    const id = await this.id();
    const { end, position } = await this.#transaction((session) => storeBatch(session, batch));
    if (position !== undefined) {
      this.#news?.look();
      this.#database.signal(id, position);
    }
    return end;
  }

  async pull(request: PullRequest): Promise<PulledBatch> {
    checkPullRequest(request);
    await this.id();
    return this.#transaction((session) => readChanges(session, request));
  }

  async cosign(note: string): Promise<string> {
    const cosigner = this.#cosigner;
    if (cosigner === undefined) {
      throw new SyncError('SYNC_NO_COSIGNER', 'The target has no key to cosign checkpoints with', {
        hint: 'A hub has one with serve --hub-key.',
      });
    }
    await this.id();
    await checkCheckpoint((work) => this.#transaction(work), note);
    try {
      return await cosignCheckpoint(note, cosigner, new Date());
    } catch (error) {
      if (!(error instanceof PersistenceError)) throw error;
      throw new SyncError('SYNC_INVALID', error.message, { cause: error });
    }
  }

  async *subscribe(signal: AbortSignal): AsyncGenerator<number, void> {
    const id = await this.id();
    this.#news ??= new HubNews({
      readPosition: () => this.#transaction(readPosition),
      watch: (onChange) => this.#database.watch(id, onChange),
    });
    yield* this.#news.subscribe(signal);
  }

  close(): Promise<void> {
    this.endSubscriptions();
    return this.#database.close();
  }

  /** Ends what {@link subscribe} has begun. */
  endSubscriptions(): void {
    this.#news?.close();
  }

  #transaction<T>(work: (session: HubSession) => Promise<T>): Promise<T> {
    return this.#database.transaction(this.#tenant, work);
  }
}

/** A hub whose database keeps the rows of tenants apart. */
export class TenantHub extends Hub implements TenantTarget {
  readonly #database: HubDatabase;
  /** One for each tenant, so that its pushes are heard of by all who wait for them here. */
  readonly #tenants: Map<string, Hub>;
  readonly #cosigner: NoteSigner | undefined;

  constructor(database: HubDatabase, cosigner?: NoteSigner) {
    super(database, cosigner);
    this.#database = database;
    this.#cosigner = cosigner;
    this.#tenants = new Map<string, Hub>([[DEFAULT_TENANT, this]]);
  }

  forTenant(name: string): SyncTarget {
    const known = this.#tenants.get(checkTenant(name));
    if (known !== undefined) return known;
    const tenant = new Hub(this.#database, this.#cosigner, name);
    this.#tenants.set(name, tenant);
    return tenant;
  }

  override close(): Promise<void> {
    for (const tenant of this.#tenants.values()) tenant.endSubscriptions();
    return super.close();
  }
}

/** What a push has left. */
interface StoredBatch {
  /** Where the entries of the database end. */
  readonly end: ChainPosition;
  /** Where the hub ends; undefined where it has nothing that others could pull. */
  readonly position: number | undefined;
}

async function readPosition(session: HubSession): Promise<number> {
  const [row] = await session.query('SELECT position FROM ggen_hub WHERE tenant = $1', [session.tenant]);
  return Number(row?.[0]);
}

/** @throws {SyncError} FORKED, SYNC_GAP, SYNC_KEY_REQUIRED, SYNC_WRONG_KEY */
async function storeBatch(session: HubSession, batch: PushedBatch): Promise<StoredBatch> {
  const { tenant } = session;
  const { origin, after, entries } = batch;
  // An update locks the row until the commit, so pushes are one after the other.
  const [row] = await session.query(
    'UPDATE ggen_hub SET position = position WHERE tenant = $1 RETURNING position',
    [tenant],
  );
  const cursor = await readCursor(session, origin);
  if (after.seq > cursor.seq) {
    throw new SyncError('SYNC_GAP', `Entries ${cursor.seq + 1} to ${after.seq} of ${origin} are missing`);
  }
  const fresh = await freshEntries(session, batch, cursor);
  const end = fresh.at(-1);
  if (end === undefined) return { end: cursor, position: undefined };
  const isFresh = (seq: number): boolean => seq > cursor.seq;
  await checkKey(
    session,
    entries.filter(({ seq }) => isFresh(seq)),
  );
  await session.insert(
    ENTRIES,
    fresh.map(({ seq, leaf, chain }) => [tenant, origin, seq, leaf, chain]),
  );
  const before = Number(row?.[0]);
  const writer = new ChangeWriter(session, origin, before);
  const chains = new Map(fresh.map(({ seq, chain }) => [seq, chain]));
  for (const entry of entries) {
    if (isFresh(entry.seq)) await writer.write(entry, chains.get(entry.seq) ?? '');
  }
  const position = await writer.finish();
  await session.query('UPDATE ggen_hub SET position = $1 WHERE tenant = $2', [position, tenant]);
  await session.insert(PUSHES, [[tenant, position, randomUUID()]], true);
  await session.query(
    `INSERT INTO ggen_origins (tenant, origin, seq, chain) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, origin) DO UPDATE SET seq = excluded.seq, chain = excluded.chain`,
    [tenant, origin, end.seq, end.chain],
  );
  return { end: { seq: end.seq, chain: end.chain }, position: position === before ? undefined : position };
}

/** Compares the entries that are here already, and returns the others. @throws {SyncError} FORKED */
async function freshEntries(
  session: HubSession,
  { origin, after, entries }: PushedBatch,
  cursor: ChainPosition,
): Promise<{ readonly seq: number; readonly leaf: string; readonly chain: string }[]> {
  const stored = await session.query(
    `SELECT seq, chain FROM ggen_entries
     WHERE tenant = $1 AND origin = $2 AND seq >= $3 AND seq <= $4 ORDER BY seq`,
    [session.tenant, origin, after.seq, entries.at(-1)?.seq ?? after.seq],
  );
  const chains = new Map(stored.map(([seq, chain]) => [Number(seq), String(chain)]));
  if (after.seq > 0 && chains.get(after.seq) !== after.chain) {
    throw forked(origin, `the entries up to ${after.seq} are other ones than those that were sent before`);
  }
  let { chain } = after.seq === 0 ? START : after;
  const fresh = [];
  for (const { seq, leaf } of entries) {
    const before = chain;
    chain = chainAfter(chain, leaf);
    const isFresh = seq > cursor.seq;
    // The first number of a log may be any: the entries before have to be those that are here.
    if (isFresh && fresh.length === 0 && before !== cursor.chain)
      throw forked(origin, `other entries than those up to ${cursor.seq} come before entry ${seq}`);
    if (!isFresh && chains.get(seq) !== chain)
      throw forked(origin, `entry ${seq} is another one than was sent before`);
    if (isFresh) fresh.push({ seq, leaf, chain });
  }
  return fresh;
}

async function readCursor(session: HubSession, origin: string): Promise<ChainPosition> {
  const [row] = await session.query('SELECT seq, chain FROM ggen_origins WHERE tenant = $1 AND origin = $2', [
    session.tenant,
    origin,
  ]);
  return row === undefined ? START : { seq: Number(row[0]), chain: String(row[1]) };
}

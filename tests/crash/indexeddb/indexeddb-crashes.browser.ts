/**
 * Crashes of an IndexedDB database. At a random transaction (of a commit, a checkpoint, loading or creation) the tab
 * crashes, the browser closes its connection, or the transaction fails. Its changes are stored or not. After each crash a
 * new storage opens the database. It must find an intact file, every acknowledged transaction, none in part, and of the
 * others at most the one that was never answered.
 */
import {
  changeIndexedDbKey,
  indexedDbStorage,
} from '../../../packages/sqljs-vfs/src/storages/indexeddb/indexeddb.browser.ts';
import { KEY } from '../../../packages/sqljs-vfs/test/indexeddb/encrypted-storage.browser.ts';
import { VfsError } from '../../../packages/sqljs-vfs/src/errors.ts';
import { readsOnDemand } from '../../../packages/sqljs-vfs/src/storages/indexeddb/extent-content.browser.ts';
import { FileMirror } from '../../../packages/sqljs-vfs/src/storages/indexeddb/file-mirror.ts';
import { openDatabase } from '../../../packages/sqljs-vfs/src/open-database.ts';
import type { DurableDatabase } from '../../../packages/sqljs-vfs/src/durable-database.ts';
import { pause } from '../../../packages/sqljs-vfs/src/retry.ts';
import {
  CheckpointPlan,
  type CheckpointStep,
} from '../../../packages/sqljs-vfs/src/storages/indexeddb/checkpoint-plan.ts';
import type { CrashFailure, CrashReport } from '../crash-report.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { type Defect, type TabFault, SimulatedTabs, type Tab } from './simulated-tabs.browser.ts';

/** Options of {@link crashIndexedDb}. */
export interface IndexedDbCrashOptions {
  /** Number of crashes. */
  readonly points: number;
  readonly seed: number;
  /** A defect to simulate; the checks must notice it. */
  readonly defect?: Defect;
  /** True for an encrypted database. Its key is changed now and then, or removed and given again. @default false */
  readonly encrypted?: boolean;
}

const POINTS_PER_DATABASE = 40;
/** After the commit of a large transaction: the steps of a checkpoint, which write extents and then delete commits. */
const CHECKPOINT_STEPS_AT_MOST = 4;
/** Every step of a checkpoint waits until the tab is idle. */
const CHECKPOINT_TIMEOUT_MS = 60 * CHECKPOINT_STEPS_AT_MOST;
const PAGE_SIZES_BYTES: readonly number[] = [4096, 512, 65_536, 1024, 16_384];
/** The size of a large transaction, which makes a checkpoint due. */
const LARGE_BYTES = 2_300_000;

/** A summary of the rows in a database. */
interface Content {
  /** Number of transactions so far. */
  readonly count: number;
  /** Counts and sums over the rows. */
  readonly rows: string;
}

const SCHEMA =
  'CREATE TABLE counter(n INTEGER); INSERT INTO counter VALUES (0); ' +
  'CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, body BLOB); CREATE INDEX t_n ON t(n)';

function contentOf({ database }: DurableDatabase): Content | undefined {
  const value = (sql: string): unknown => database.exec(sql)[0]?.values[0]?.[0];
  if (value('SELECT count(*) FROM sqlite_schema') === 0) return undefined;
  return {
    count: value('SELECT n FROM counter') as number,
    rows: String(
      value("SELECT count(*) || '/' || total(id * n) || '/' || total(length(body)) || '/' || max(id) FROM t"),
    ),
  };
}

/** Picks a random statement for one transaction. */
function randomStatement(random: SeededRandom): string {
  const id = random.below(400);
  const bytes = random.between(1, 3000);
  const rows = random.between(1, 20);
  const insert = `WITH RECURSIVE i(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM i WHERE k < ${rows})
    INSERT INTO t(n, body) SELECT ${id}, randomblob(${bytes}) FROM i`;
  return random.oneOf([
    insert,
    insert,
    `UPDATE t SET n = n + 1, body = randomblob(${bytes}) WHERE id % 7 = ${id % 7}`,
    `UPDATE t SET n = ${id} WHERE id > ${id}`,
    `DELETE FROM t WHERE id % 5 = ${id % 5}`,
    'DELETE FROM t WHERE length(body) > 100000',
  ]);
}

const KEYS: readonly (Uint8Array | undefined)[] = [KEY, KEY.map((byte) => byte + 1), undefined];
const KEY_CHANGE_PROBABILITY = 0.15;

const LARGE_STATEMENT = `WITH RECURSIVE i(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM i WHERE k < 10)
  INSERT INTO t(n, body) SELECT k, randomblob(${LARGE_BYTES / 10}) FROM i`;

/** Picks a random fault for the next chosen transaction. */
export function randomFault(random: SeededRandom): TabFault {
  const atRequest = random.between(1, 3);
  const error = random.oneOf(['QuotaExceededError', 'UnknownError', 'AbortError']);
  return random.oneOf<TabFault>([
    { image: 'the tab crashes after its commit, before the answer', applied: true, effect: 'crash' },
    {
      image: 'the connection is lost after the commit, before the answer',
      applied: true,
      effect: 'disconnect',
    },
    { image: `the tab crashes at request ${atRequest}`, applied: false, effect: 'crash', atRequest },
    { image: 'the tab crashes when it commits', applied: false, effect: 'crash' },
    { image: `${error} when it commits`, applied: false, effect: 'fail', error },
    { image: `${error} at request ${atRequest}`, applied: false, effect: 'fail', atRequest, error },
    {
      image: `the connection is lost at request ${atRequest}`,
      applied: false,
      effect: 'disconnect',
      atRequest,
    },
    { image: 'the connection is lost when it commits', applied: false, effect: 'disconnect' },
  ]);
}

/** One database, and its expected content. */
class CrashedDatabase {
  readonly #name: string = crypto.randomUUID();
  readonly #tabs: SimulatedTabs;
  readonly #random: SeededRandom;
  readonly #pageSizeBytes: number;
  readonly #durability: 'strict' | 'relaxed';
  readonly #encrypted: boolean;
  /** The keys that may be the database's: two after a change that was not answered. */
  #keys: readonly (Uint8Array | undefined)[];
  /** The content after each transaction, by its count. */
  readonly #contents: Map<number, Content> = new Map();
  #acknowledged: Content | undefined;
  #tab: Tab | undefined;
  #database: DurableDatabase | undefined;

  constructor(tabs: SimulatedTabs, random: SeededRandom, run: number, encrypted: boolean) {
    this.#tabs = tabs;
    this.#encrypted = encrypted;
    this.#keys = [encrypted ? KEY : undefined];
    this.#random = random;
    this.#pageSizeBytes = PAGE_SIZES_BYTES[run % PAGE_SIZES_BYTES.length] as number;
    this.#durability = run % 5 === 4 ? 'strict' : 'relaxed';
  }

  /** Runs one crash. @returns the injected fault, and the failed check, if any */
  async crash(): Promise<{ image: string; needingRecovery: boolean; reason: string | undefined }> {
    const random = this.#random;
    const large = random.chance(0.1);
    const changesKey =
      this.#encrypted && this.#acknowledged !== undefined && random.chance(KEY_CHANGE_PROBABILITY);
    if (changesKey) this.#close();
    const fault = randomFault(random);
    const tab = this.#database && this.#tab ? this.#tab : this.#tabs.newTab();
    this.#tab = tab;
    this.#tabs.enter(tab);
    tab.injected = undefined;
    tab.target = this.#database
      ? {
          fault,
          mode: random.chance(0.15) ? 'readonly' : 'readwrite',
          skip: large && random.chance(0.8) ? random.between(1, CHECKPOINT_STEPS_AT_MOST) : 0,
        }
      : { fault, mode: random.chance(0.5) ? 'readonly' : 'readwrite', skip: 0 };
    const outcome = changesKey ? await this.#changeKey(tab) : await this.#use(tab, large);
    tab.target = undefined;
    const image = tab.injected ? (tab.injected as TabFault).image : 'no fault';
    const needingRecovery = tab.injected !== undefined && outcome !== 'acknowledged';
    // A change of the key changes no content.
    const reason = await this.#check(tab, changesKey ? undefined : tab.injected);
    return { image, needingRecovery, reason };
  }

  remove(): void {
    this.#database?.close();
    this.#tab?.crash();
    indexedDB.deleteDatabase(this.#name);
  }

  async #open(): Promise<DurableDatabase> {
    const [key, otherKey] = this.#keys;
    try {
      const opened = await this.#openWith(key);
      this.#keys = [key];
      return opened;
    } catch (error) {
      const isOtherKey = error instanceof VfsError && ['WRONG_KEY', 'KEY_REQUIRED'].includes(error.code);
      if (this.#keys.length === 1 || !isOtherKey) throw error;
      this.#keys = [otherKey];
      return this.#openWith(otherKey);
    }
  }

  #openWith(key: Uint8Array | undefined): Promise<DurableDatabase> {
    return openDatabase(indexedDbStorage(this.#name, { durability: this.#durability }), {
      busyDeadlineMs: 0,
      ...(key && { key }),
    });
  }

  #close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  /** Changes the key. Afterwards the database has the old one or the new one, and after an answer the one answered for. */
  async #changeKey(tab: Tab): Promise<'acknowledged' | 'refused' | 'never answered'> {
    const [key] = this.#keys;
    const newKey = this.#random.oneOf(KEYS.filter((other) => other !== key));
    const outcome = await Promise.race([
      changeIndexedDbKey(this.#name, { key, newKey }).then(
        () => 'acknowledged' as const,
        () => 'refused' as const,
      ),
      tab.crashEvent.then(() => 'never answered' as const),
    ]);
    const isUndone = tab.injected !== undefined && !tab.injected.applied;
    if (outcome === 'acknowledged') this.#keys = [newKey];
    else if (!isUndone) this.#keys = [newKey, key];
    return outcome;
  }

  async #use(tab: Tab, large: boolean): Promise<'acknowledged' | 'refused' | 'never answered'> {
    const use = async (): Promise<'acknowledged' | 'refused'> => {
      try {
        this.#database ??= await this.#open();
        await this.#write(this.#database, large);
        return 'acknowledged';
      } catch {
        return 'refused';
      }
    };
    const crashed = tab.crashEvent.then(() => 'never answered' as const);
    const outcome = await Promise.race([use(), crashed]);
    if (outcome === 'never answered') return outcome;
    // A checkpoint comes after the answer, at once or later.
    const timeoutMs = large ? CHECKPOINT_TIMEOUT_MS : 0;
    for (let waitedMs = 0; tab.target && waitedMs < timeoutMs; waitedMs += 5) await pause(5);
    const database = this.#database;
    if (database)
      await Promise.race([database.readTransaction(() => undefined).catch(() => undefined), crashed]);
    return outcome;
  }

  async #write(durable: DurableDatabase, large: boolean): Promise<void> {
    const { database } = durable;
    if (this.#acknowledged && this.#random.chance(0.05)) {
      await durable.writeTransaction(() => void database.exec('VACUUM'));
      return;
    }
    const statement = large ? LARGE_STATEMENT : randomStatement(this.#random);
    let made: Content | undefined;
    await durable.writeTransaction(() => {
      const before = contentOf(durable);
      if (!before) database.exec(`PRAGMA page_size = ${this.#pageSizeBytes}`);
      database.exec('BEGIN IMMEDIATE');
      database.exec(before ? statement : SCHEMA);
      database.exec('UPDATE counter SET n = n + 1');
      made = contentOf(durable);
      if (made) this.#contents.set(made.count, made);
      database.exec('COMMIT');
    });
    this.#acknowledged = made;
  }

  /** Checks the database through a new tab, and through the old one if it is alive. */
  async #check(tab: Tab, injected: TabFault | undefined): Promise<string | undefined> {
    const freshTab = this.#tabs.newTab();
    try {
      const fresh = await this.#open();
      const reason = await this.#checkContent(fresh, injected);
      const survivor = tab.crashed || !this.#database ? undefined : this.#database;
      if (survivor && reason === undefined) {
        this.#tabs.enter(tab);
        const reasonThere = await this.#checkContent(survivor, undefined);
        if (reasonThere !== undefined) return `in the tab that continued: ${reasonThere}`;
      }
      if (survivor && this.#random.chance(0.7)) {
        fresh.close();
        freshTab.crash();
      } else {
        survivor?.close();
        tab.crash();
        // Sometimes the next fault is injected while the database is loaded.
        this.#database = this.#random.chance(0.7) ? fresh : undefined;
        if (!this.#database) fresh.close();
        this.#tab = freshTab;
      }
      return reason;
    } catch (error) {
      return `cannot be read: ${String(error)}`;
    }
  }

  async #checkContent(durable: DurableDatabase, injected: TabFault | undefined): Promise<string | undefined> {
    const found = await durable.readTransaction(() => {
      const verdict = durable.database.exec('PRAGMA integrity_check')[0]?.values[0]?.[0];
      return { verdict, content: contentOf(durable) };
    });
    if (found.verdict !== 'ok') return `damaged: ${String(found.verdict)}`;
    const { content } = found;
    const count = content?.count ?? 0;
    const acknowledged = this.#acknowledged?.count ?? 0;
    if (count < acknowledged) return `${acknowledged - count} acknowledged transactions are missing`;
    if (content && content.rows !== this.#contents.get(count)?.rows) {
      return `transaction ${count} is stored in part: ${content.rows}, not ${this.#contents.get(count)?.rows}`;
    }
    const most = acknowledged + (injected?.applied ? 1 : 0);
    if (count > most) return `transaction ${count} is stored, but only ${most} can be`;
    this.#acknowledged = content;
    return undefined;
  }
}

/** Breaks a part of the storage itself, rather than the browser below it. @returns the function that repairs it */
function breakStorage(defect: Defect | undefined): () => void {
  if (defect === 'before-images not restored') {
    const { prototype } = FileMirror;
    const { rollback } = prototype;
    prototype.rollback = function keepChanges(this: FileMirror): void {
      this.markCommitted();
    };
    return () => void (prototype.rollback = rollback);
  }
  if (defect === 'commits deleted too early') {
    const { prototype } = CheckpointPlan;
    const { next } = prototype;
    prototype.next = function deleteEarly(this: CheckpointPlan, meta): CheckpointStep {
      next.call(this, meta);
      return { kind: 'delete commits', version: meta.version, bytes: meta.uncheckpointedBytes };
    };
    return () => void (prototype.next = next);
  }
  return () => undefined;
}

/** Runs a campaign of crashes, in a page or a worker. Other code there must not use IndexedDB meanwhile. */
export async function crashIndexedDb({
  points,
  seed,
  defect,
  encrypted = false,
}: IndexedDbCrashOptions): Promise<CrashReport> {
  const startedMs = performance.now();
  const failures: CrashFailure[] = [];
  let needingRecovery = 0;
  const tabs = new SimulatedTabs({ defect });
  const ends = [tabs.install(), breakStorage(defect)];
  try {
    let crashed: CrashedDatabase | undefined;
    for (let point = 0, run = 0, used = 0; point < points; point++) {
      if (!crashed || used++ === POINTS_PER_DATABASE) {
        crashed?.remove();
        crashed = new CrashedDatabase(tabs, new SeededRandom(seed, run), run++, encrypted);
        used = 0;
      }
      const { image, needingRecovery: needed, reason } = await crashed.crash();
      if (needed) needingRecovery++;
      if (reason === undefined) continue;
      failures.push({ point, image, reason });
      crashed.remove();
      crashed = undefined;
    }
    crashed?.remove();
  } finally {
    for (const end of ends) end();
  }
  return {
    storage: 'indexeddb',
    mode:
      defect ??
      `in a ${readsOnDemand ? 'worker' : 'page'}, strict and relaxed${encrypted ? ', encrypted' : ''}`,
    seed,
    points,
    needingRecovery,
    failures,
    durationMs: performance.now() - startedMs,
  };
}

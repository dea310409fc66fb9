/**
 * Two tabs that commit to one IndexedDB database at the same moment. Web Locks are granted to both, so only
 * compare-and-swap keeps them apart. Some commits meet a fault of `indexeddb-crashes.browser.ts`.
 */
import { retryBusy } from '../../../packages/sqljs-vfs/src/retry-busy.ts';
import type { DurableDatabase } from '../../../packages/sqljs-vfs/src/durable-database.ts';
import { indexedDbStorage } from '../../../packages/sqljs-vfs/src/storages/indexeddb/indexeddb.browser.ts';
import { openDatabase } from '../../../packages/sqljs-vfs/src/open-database.ts';
import type { CrashFailure, CrashReport } from '../crash-report.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { randomFault, type IndexedDbCrashOptions } from './indexeddb-crashes.browser.ts';
import { SimulatedTabs, type Tab } from './simulated-tabs.browser.ts';

const POINTS_PER_DATABASE = 20;
const DEADLINE_MS = 20_000;

interface Writer {
  readonly tab: Tab;
  readonly database: DurableDatabase;
}

class RacedDatabase {
  readonly #name: string = crypto.randomUUID();
  readonly #tabs: SimulatedTabs;
  readonly #random: SeededRandom;
  readonly #acknowledged: Set<number> = new Set();
  readonly #unknown: Set<number> = new Set();
  readonly #writers: (Writer | undefined)[] = [undefined, undefined];
  #operations = 0;

  constructor(tabs: SimulatedTabs, random: SeededRandom) {
    this.#tabs = tabs;
    this.#random = random;
  }

  remove(): void {
    for (const writer of this.#writers) {
      writer?.database.close();
      writer?.tab.crash();
    }
    indexedDB.deleteDatabase(this.#name);
  }

  /** Lets each tab commit a few times, both at once. @returns the injected fault, and the failed check, if any */
  async race(): Promise<{ image: string; needingRecovery: boolean; reason: string | undefined }> {
    for (const index of this.#writers.keys()) this.#writers[index] ??= await this.#join();
    const writers = this.#writers as Writer[];
    const failing = this.#random.chance(0.5) ? writers[this.#random.below(2)] : undefined;
    if (failing) {
      failing.tab.injected = undefined;
      const randomlyChosen = randomFault(this.#random);
      // The interceptors could not tell which tab reconnects, so a disconnect becomes a failure.
      const fault =
        randomlyChosen.effect === 'disconnect'
          ? { ...randomlyChosen, effect: 'fail' as const }
          : randomlyChosen;
      failing.tab.target = { fault, mode: 'readwrite', skip: this.#random.below(3) };
    }
    const rounds = this.#random.between(1, 4);
    await Promise.all(writers.map((writer) => this.#commitSome(writer, rounds)));
    if (failing) failing.tab.target = undefined;
    const fault = failing?.tab.injected;
    for (const [index, writer] of writers.entries()) if (writer.tab.crashed) this.#writers[index] = undefined;
    return {
      image: fault?.image ?? 'no fault',
      needingRecovery: fault !== undefined,
      reason: await this.#check().catch((error: unknown) => `cannot be read: ${String(error)}`),
    };
  }

  async #join(): Promise<Writer> {
    const tab = this.#tabs.newTab();
    const database = await openDatabase(indexedDbStorage(this.#name, { durability: 'relaxed' }));
    const prepare = (): void =>
      void database.database.exec(
        'BEGIN; CREATE TABLE IF NOT EXISTS counter(n); INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT * FROM counter); ' +
          'CREATE TABLE IF NOT EXISTS t(operation, filler); CREATE INDEX IF NOT EXISTS t_operation ON t(operation); COMMIT',
      );
    await retryBusy(() => database.writeTransaction(prepare), DEADLINE_MS);
    return { tab, database };
  }

  async #commitSome({ tab, database }: Writer, rounds: number): Promise<void> {
    for (let round = 0; round < rounds && !tab.crashed; round++) {
      const operation = ++this.#operations;
      const work = (): void =>
        void database.database.exec(
          `BEGIN IMMEDIATE; INSERT INTO t VALUES (${operation}, randomblob(900)); UPDATE counter SET n = n + 1; COMMIT`,
        );
      this.#unknown.add(operation);
      const outcome = await Promise.race([
        retryBusy(() => database.writeTransaction(work), DEADLINE_MS).then(
          () => 'acknowledged',
          () => 'refused',
        ),
        tab.crashEvent.then(() => 'never answered'),
      ]);
      if (outcome === 'acknowledged') {
        this.#unknown.delete(operation);
        this.#acknowledged.add(operation);
      } else if (!tab.injected?.applied) this.#unknown.delete(operation);
    }
  }

  async #check(): Promise<string | undefined> {
    const tab = this.#tabs.newTab();
    const fresh = await openDatabase(indexedDbStorage(this.#name, { durability: 'relaxed' }));
    try {
      const views = [fresh, ...this.#writers.flatMap((writer) => (writer ? [writer.database] : []))];
      for (const view of views) {
        const reason = await view.readTransaction(() => this.#reasonAgainst(view));
        if (reason !== undefined) return reason;
      }
      return undefined;
    } finally {
      fresh.close();
      tab.crash();
    }
  }

  #reasonAgainst({ database }: DurableDatabase): string | undefined {
    const values = (sql: string): unknown[] => (database.exec(sql)[0]?.values ?? []).map(([value]) => value);
    const [verdict] = values('PRAGMA integrity_check');
    if (verdict !== 'ok') return `damaged: ${String(verdict)}`;
    const found = values('SELECT operation FROM t') as number[];
    const [count] = values('SELECT n FROM counter');
    if (count !== found.length) return `${String(count)} transactions, but ${found.length} rows`;
    const stored = new Set(found);
    if (stored.size !== found.length) return 'a transaction is stored twice';
    const missing = [...this.#acknowledged].filter((operation) => !stored.has(operation));
    if (missing.length > 0) return `acknowledged transactions are missing: ${missing.join(', ')}`;
    const refused = found.filter(
      (operation) => !this.#acknowledged.has(operation) && !this.#unknown.has(operation),
    );
    if (refused.length > 0) return `failed transactions are stored: ${refused.join(', ')}`;
    return undefined;
  }
}

/** Runs a campaign of races, in a page or a worker. Other code there must not use IndexedDB meanwhile. */
export async function raceIndexedDb({ points, seed, defect }: IndexedDbCrashOptions): Promise<CrashReport> {
  const startedMs = performance.now();
  const failures: CrashFailure[] = [];
  let needingRecovery = 0;
  const tabs = new SimulatedTabs({ defect, locksWork: false });
  const end = tabs.install();
  try {
    let raced: RacedDatabase | undefined;
    for (let point = 0; point < points; point++) {
      if (!raced || point % POINTS_PER_DATABASE === 0) {
        raced?.remove();
        raced = new RacedDatabase(tabs, new SeededRandom(seed, point));
      }
      const outcome = await raced.race();
      if (outcome.needingRecovery) needingRecovery++;
      if (outcome.reason === undefined) continue;
      failures.push({ point, image: outcome.image, reason: outcome.reason });
      raced.remove();
      raced = undefined;
    }
    raced?.remove();
  } finally {
    end();
  }
  return {
    storage: 'indexeddb',
    mode: defect ?? 'two tabs, no locks',
    seed,
    points,
    needingRecovery,
    failures,
    durationMs: performance.now() - startedMs,
  };
}

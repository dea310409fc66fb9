/**
 * IndexedDB in one page: opening, first reads, saves and memory, in rounds in which engines and sizes take turns, so that
 * a machine that is slower for a while is slower for all of them.
 */
import { readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BrowserContext } from 'playwright';
import { COLD_CASES } from '../cases/index.ts';
import type { Budget } from '../cases/case.ts';
import { datasetFile, schemaOf, todaysSeed } from '../dataset/dataset-file.ts';
import type { Seed } from '../dataset/rows.ts';
import { firstLine, inBrowser, runInPage } from '../trials/browser/browser-pages.ts';
import type { BenchPage, PageRequest } from '../trials/browser/page-request.ts';
import { servePages, type PageServer } from '../trials/browser/serve-pages.ts';
import type { TrialResult } from '../trials/trial.ts';

const PAGES = path.resolve(import.meta.dirname, '../pages');
const TIMEOUT_MS = 600_000;
const BUDGET: Budget = { samples: 60, maxMs: 3000, warmUps: 150, warmUpMs: 3000 };
const BARE_SAVES = 150;
const BARE_WARM_UPS = 50;
/** About as much as may wait before an idle page writes a checkpoint. */
const LEFT_RECEIPTS = 3840;
const GGEN_SIM = 'ggen-sim-indexeddb';
const GGEN_SIM_WORKER = 'ggen-sim-indexeddb-worker';
export const ENCRYPTED = 'ggen-sim-indexeddb-worker-encrypted';
const PEERS_UP_TO_ROWS = 1000;
const OPENING = COLD_CASES.map(({ name }) => name);
const SAVING = ['save', 'callers-64'];

declare const benchPage: BenchPage;

/** Samples of one line of the page: the rounds in order. */
export interface Line {
  readonly engineId: string;
  readonly rowCount: number;
  readonly what: string;
  readonly rounds: number[];
}

/** Everything that one run measured. */
export interface IndexedDbRun {
  readonly lines: readonly Line[];
  readonly loads: readonly number[];
  readonly waitingBytes: ReadonlyMap<number, number>;
  readonly omissions: readonly string[];
  readonly version: string;
}

/** A profile with one engine's database. Two engine ids of ggen-sim share one. */
interface Database {
  readonly engineIds: readonly string[];
  readonly seed: Seed;
  readonly profile: string;
  readonly source: Pick<PageRequest, 'schema' | 'imageUrl'>;
  /** Null once a trial was interrupted. */
  rows: TrialResult['rowsAfter'] | null;
}

export async function runIndexedDb(
  { rowCounts, rounds }: { readonly rowCounts: readonly number[]; readonly rounds: number },
  workFolder: string,
  { say, onRound }: { readonly say: (line: string) => void; readonly onRound: (run: IndexedDbRun) => void },
): Promise<IndexedDbRun> {
  const seeds = path.join(workFolder, 'seeds');
  const folder = path.join(workFolder, 'indexeddb');
  rmSync(folder, { recursive: true, force: true });
  using server = await servePages(PAGES, seeds);
  const run = new Run(server, say);
  try {
    for (const rowCount of rowCounts) {
      const seed = todaysSeed(rowCount);
      const image = await datasetFile(seeds, seed);
      const source = { schema: schemaOf(image), imageUrl: `/seeds/${path.basename(image)}` };
      await run.fill(seed, source, path.join(folder, String(rowCount)));
    }
    for (let round = 0; round < rounds; round++) {
      await run.round(round);
      onRound(run);
    }
    await run.leaveCommits();
    for (let round = 0; round < rounds; round++) await run.roundAfterLoad(round);
    return run;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Run implements IndexedDbRun {
  readonly lines: Line[] = [];
  readonly loads: number[] = [];
  readonly waitingBytes: Map<number, number> = new Map();
  readonly omissions: string[] = [];
  version = 'unknown';
  readonly #databases: Database[] = [];
  readonly #server: PageServer;
  readonly #say: (line: string) => void;

  constructor(server: PageServer, say: (line: string) => void) {
    this.#server = server;
    this.#say = say;
  }

  async fill(seed: Seed, source: Database['source'], folder: string): Promise<void> {
    const { rowCount } = seed;
    // Peers insert every row, which takes them minutes at 100,000.
    const peers = rowCount > PEERS_UP_TO_ROWS ? [] : [MIRROR, 'wa-sqlite-indexeddb'];
    for (const engineIds of [[GGEN_SIM, GGEN_SIM_WORKER], ...[ENCRYPTED, ...peers].map((id) => [id])]) {
      const [engineId = ''] = engineIds;
      const rows = { receipts: rowCount, auditEntries: rowCount };
      const database = { engineIds, seed, profile: path.join(folder, engineId), source, rows };
      this.#say(`${rowCount} rows, filling ${engineId}`);
      try {
        await inBrowser(this.#server, database.profile, async (browser) => {
          this.version = browser.browser()?.version() ?? 'unknown';
          const trial = this.#trial(database, engineId, 'fill', []);
          await runInPage(this.#server, browser, { task: 'fill', trial, ...source }, TIMEOUT_MS);
        });
        this.#databases.push(database);
      } catch (error) {
        if (engineId === GGEN_SIM) throw error;
        this.omissions.push(`${engineId} at ${rowCount} rows: ${firstLine(error)}`);
      }
    }
  }

  async round(round: number): Promise<void> {
    for (const database of this.#databases) {
      await this.#orOmission(database, `round ${round + 1}`, () => this.#roundOf(database, round));
    }
  }

  /** A browser may be ended from outside. What the others measure counts all the same. */
  async #orOmission(database: Database, what: string, measure: () => Promise<void>): Promise<void> {
    try {
      await measure();
    } catch (error) {
      database.rows = null;
      const { engineIds, seed } = database;
      this.omissions.push(`${engineIds[0]} at ${seed.rowCount} rows, ${what}: ${firstLine(error)}`);
    }
  }

  async #roundOf(database: Database, round: number): Promise<void> {
    this.loads.push(os.loadavg()[0] ?? 0);
    const { rowCount } = database.seed;
    this.#say(`round ${round + 1}, ${rowCount} rows, ${database.engineIds[0]}`);
    const isGgenSim = database.engineIds[0] === GGEN_SIM;
    if (isGgenSim) {
      await this.#inBrowser(database, async (browser) => {
        let memoryBytes = 0;
        const asked = { database, engineId: GGEN_SIM, run: `open-${round}`, cases: OPENING };
        const result = await this.#ask(browser, asked, async () => {
          memoryBytes = await residentBytes(browser);
        });
        this.#add(database, 'open', result.openMs);
        for (const name of OPENING) this.#add(database, name, result.samples[name]?.[0]);
        this.#add(database, 'memory', memoryBytes);
      });
    }
    await this.#inBrowser(database, async (browser) => {
      const engineId = database.engineIds.at(-1) ?? '';
      const result = await this.#ask(browser, { database, engineId, run: `save-${round}`, cases: SAVING });
      this.#add(database, 'save', median(result.samples['save'] ?? []));
      this.#add(database, 'callers-64', median(result.samples['callers-64'] ?? []));
      this.#add(database, 'open-in-worker', result.openMs);
      this.#add(database, 'reads-a-save', result.costsPerSave['Blob reads']);
      if (isGgenSim && rowCount === 1000) this.#add(database, 'bare', await this.#bareSaves(browser));
    });
  }

  /** Leaves commits behind in every database of ggen-sim's. */
  async leaveCommits(): Promise<void> {
    for (const database of this.#ggenSim) {
      this.#say(`${database.seed.rowCount} rows, a load that leaves commits behind`);
      await this.#orOmission(database, 'the load', () => this.#leaveCommitsIn(database));
      database.rows = null;
    }
  }

  async #leaveCommitsIn(database: Database): Promise<void> {
    await this.#inBrowser(database, async (browser) => {
      const page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      await page.goto(`${this.#server.url}/index.html`);
      const bytes = await page.evaluate(([run, count]) => benchPage.leaveCommits('bench', run, count), [
        'left',
        LEFT_RECEIPTS,
      ] as const);
      await page.close();
      this.waitingBytes.set(database.seed.rowCount, bytes);
    });
  }

  async roundAfterLoad(round: number): Promise<void> {
    for (const database of this.#ggenSim) {
      this.loads.push(os.loadavg()[0] ?? 0);
      this.#say(`round ${round + 1} after the load, ${database.seed.rowCount} rows`);
      await this.#orOmission(database, `round ${round + 1} after the load`, () =>
        this.#inBrowser(database, async (browser) => {
          const asked = { database, engineId: GGEN_SIM, run: `left-${round}`, cases: [] };
          this.#add(database, 'open-after-load', (await this.#ask(browser, asked)).openMs);
        }),
      );
    }
  }

  get #ggenSim(): readonly Database[] {
    return this.#databases.filter(({ engineIds }) => engineIds[0] === GGEN_SIM);
  }

  #inBrowser(database: Database, use: (browser: BrowserContext) => Promise<void>): Promise<void> {
    return inBrowser(this.#server, database.profile, use);
  }

  async #ask(
    browser: BrowserContext,
    asked: {
      readonly database: Database;
      readonly engineId: string;
      readonly run: string;
      readonly cases: readonly string[];
    },
    atEnd?: () => Promise<void>,
  ): Promise<TrialResult> {
    const { database, engineId, run, cases } = asked;
    const trial = this.#trial(database, engineId, run, cases);
    const request: PageRequest = { task: 'trial', trial, ...database.source };
    const result = await runInPage(this.#server, browser, request, TIMEOUT_MS, atEnd);
    if (!result) throw new Error(`${engineId} answered nothing`);
    database.rows = result.rowsAfter;
    return result;
  }

  async #bareSaves(browser: BrowserContext): Promise<number> {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.goto(`${this.#server.url}/index.html`);
    const durationsMs = await page.evaluate((count) => benchPage.bareSaves(count), BARE_SAVES);
    await page.close();
    return median(durationsMs.slice(BARE_WARM_UPS));
  }

  #trial(
    { seed, rows }: Pick<Database, 'seed' | 'rows'>,
    engineId: string,
    run: string,
    cases: readonly string[],
  ): PageRequest['trial'] {
    const place = 'bench';
    return { engineId, place, seed, run, cases, budget: BUDGET, rowsBefore: rows, scratch: 'scratch' };
  }

  #add({ engineIds, seed }: Database, what: string, value: number | undefined): void {
    if (value === undefined) return;
    const [engineId = ''] = engineIds;
    let line = this.lines.find(
      (each) => each.engineId === engineId && each.rowCount === seed.rowCount && each.what === what,
    );
    if (!line) {
      line = { engineId, rowCount: seed.rowCount, what, rounds: [] };
      this.lines.push(line);
    }
    line.rounds.push(value);
  }
}

const MIRROR = 'wa-sqlite-indexeddb-mirror';

/** Anonymous memory of the largest renderer: the page with its workers. */
async function residentBytes(browser: BrowserContext): Promise<number> {
  const session = await browser.browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/RssAnon:\s+(\d+)/u.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return Math.max(0, ...sizes) * 1024;
}

/** Returns the median; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}

import { rmSync } from 'node:fs';
import path from 'node:path';
import { CASES, FIRST_CASES } from '../../cases/index.ts';
import type { Seed } from '../../dataset/rows.ts';
import { BROWSER_ENGINE_IDS } from '../../engines/browser/engine-ids.ts';
import { schemaOf, datasetFile, todaysSeed } from '../../dataset/dataset-file.ts';
import type { PlatformPlan } from '../../plan.ts';
import type { ResultsCollector } from '../../results-collector.ts';
import type { TrialRequest, TrialResult } from '../trial.ts';
import { firstLine, inBrowser, runInPage } from './browser-pages.ts';
import type { BenchPage, PageEngineFacts, PageRequest } from './page-request.ts';
import { servePages, type PageServer } from './serve-pages.ts';

const PAGES = path.resolve(import.meta.dirname, '../pages');
const FILL_TIMEOUT_MS = 180_000;
const TRIAL_TIMEOUT_MS = 180_000;

/** Cases that take long and vary little: the first round only. A backup needs a folder, which a page has not. */
const ONCE: ReadonlySet<string> = new Set(['image']);
const NOT_IN_A_PAGE: ReadonlySet<string> = new Set(['backup']);

declare const benchPage: BenchPage;

/** One engine's database in a browser profile of its own, and what trials have added to it. */
interface Database {
  readonly engine: PageEngineFacts;
  readonly profile: string;
  readonly seed: Seed;
  readonly source: Source;
  rows: TrialResult['rowsAfter'];
  /** It is left out of further rounds; what it has measured stays. */
  failed: boolean;
}

/** Result of a run in Chromium besides its numbers. */
export interface BrowserRun {
  readonly engines: readonly PageEngineFacts[];
  readonly version: string;
}

/** Runs every chosen engine on every size, turn by turn, each trial in a browser and a page of its own. */
export async function runBrowserTrials(
  isChosen: (engine: PageEngineFacts) => boolean,
  plan: PlatformPlan,
  workFolder: string,
  collector: ResultsCollector,
  say: (line: string) => void,
): Promise<BrowserRun> {
  const seeds = path.join(workFolder, 'seeds');
  const folder = path.join(workFolder, 'chromium');
  rmSync(folder, { recursive: true, force: true });
  using server = await servePages(PAGES, seeds);
  const trials = new BrowserTrials(server, collector, say);
  const { engines: offered, version } = await trials.lookAround(path.join(folder, 'none'));
  const engines = offered.filter(isChosen);
  const databases: Database[] = [];
  for (const rowCount of plan.rowCounts) {
    const seed = todaysSeed(rowCount);
    const image = await datasetFile(seeds, seed);
    const source: Source = { schema: schemaOf(image), imageUrl: `/seeds/${path.basename(image)}` };
    const profiles = path.join(folder, String(rowCount));
    databases.push(...(await trials.fill(engines, { seed, source, plan, profiles })));
  }
  // Sizes take turns like engines, because figures are compared over the sizes too.
  for (let round = 0; round < plan.rounds; round++) {
    for (const database of databases.filter(({ failed }) => !failed)) {
      const { engine, seed } = database;
      say(`Chromium, ${seed.rowCount} rows, round ${round + 1} of ${plan.rounds}, ${engine.title}`);
      await trials.roundOrOmission(database, round, plan);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return { engines, version };
}

/** Input that a page needs to make a database. */
type Source = Pick<PageRequest, 'schema' | 'imageUrl'>;

/** Sources and folder of the databases of one size. */
interface Filling {
  readonly seed: Seed;
  readonly source: Source;
  readonly plan: PlatformPlan;
  /** A browser profile for each engine goes in here. */
  readonly profiles: string;
}

class BrowserTrials {
  readonly #server: PageServer;
  readonly #collector: ResultsCollector;
  readonly #say: (line: string) => void;

  constructor(server: PageServer, collector: ResultsCollector, say: (line: string) => void) {
    this.#server = server;
    this.#collector = collector;
    this.#say = say;
  }

  /** Asks a page which engines there are, and the browser for its version. */
  async lookAround(profile: string): Promise<BrowserRun> {
    return inBrowser(this.#server, profile, async (browser) => {
      const page = await browser.newPage();
      await page.goto(`${this.#server.url}/index.html`);
      const engines = await page.evaluate(() => benchPage.engines);
      if (engines.map(({ id }) => id).join() !== BROWSER_ENGINE_IDS.join())
        throw new Error('engine-ids.ts does not list the engines of index.ts in their order');
      return { engines, version: browser.browser()?.version() ?? 'unknown' };
    });
  }

  /** Makes a database for each engine that can have one of this size. */
  async fill(
    engines: readonly PageEngineFacts[],
    { seed, source, plan, profiles }: Filling,
  ): Promise<Database[]> {
    const databases: Database[] = [];
    for (const engine of engines) {
      const { rowCount } = seed;
      if (engine.fills === 'rows' && rowCount >= plan.wholeFilesOnlyFrom) {
        this.#omit(engine, rowCount, 'inserting every row takes too long for a short run');
        continue;
      }
      const rows = { receipts: rowCount, auditEntries: rowCount };
      const profile = path.join(profiles, engine.id);
      const database: Database = { engine, profile, seed, source, rows, failed: false };
      this.#say(`Chromium, ${rowCount} rows, filling ${engine.title}`);
      try {
        await inBrowser(this.#server, database.profile, (browser) =>
          runInPage(
            this.#server,
            browser,
            { task: 'fill', trial: trialRequest(database, 'fill', [], plan), ...source },
            FILL_TIMEOUT_MS,
          ),
        );
        databases.push(database);
      } catch (error) {
        if (engine.ggenSim) throw error;
        this.#omit(engine, rowCount, `could not be filled: ${firstLine(error)}`);
      }
    }
    return databases;
  }

  /** Runs a round. A failing peer is reported as not measured, so the other engines keep their numbers. */
  async roundOrOmission(database: Database, round: number, plan: PlatformPlan): Promise<void> {
    try {
      await this.#round(database, round, plan);
    } catch (error) {
      if (database.engine.ggenSim) throw error;
      database.failed = true;
      this.#omit(
        database.engine,
        database.seed.rowCount,
        `failed in round ${round + 1}: ${firstLine(error)}`,
      );
    }
  }

  /** One trial with every case, and further pages that open and save a little. */
  async #round(database: Database, round: number, plan: PlatformPlan): Promise<void> {
    const cases = CASES.map(({ name }) => name).filter(
      (name) => !NOT_IN_A_PAGE.has(name) && (round === 0 || !ONCE.has(name)),
    );
    const first = FIRST_CASES.map(({ name }) => name);
    const { engine, seed } = database;
    await inBrowser(this.#server, database.profile, async (browser) => {
      for (let opening = -1; opening < plan.opens; opening++) {
        if (engine.keepsNothing && opening >= 0) return;
        const [run, asked] = opening < 0 ? [`run-${round}`, cases] : [`open-${round}-${opening}`, first];
        const trial = trialRequest(database, run, asked, plan);
        const result = await runInPage(
          this.#server,
          browser,
          { task: 'trial', trial, ...database.source },
          TRIAL_TIMEOUT_MS,
        );
        if (!result) throw new Error(`${engine.id} answered nothing`);
        if (!engine.keepsNothing) database.rows = result.rowsAfter;
        const where = { platform: 'chromium', engineId: engine.id, rowCount: seed.rowCount } as const;
        this.#collector.add(where, result, { withOpen: !engine.keepsNothing });
      }
    });
  }

  #omit(engine: PageEngineFacts, rowCount: number, reason: string): void {
    this.#collector.omit({ platform: 'chromium', engineId: engine.id, rowCount, reason });
  }
}

function trialRequest(
  { engine, seed, rows }: Database,
  run: string,
  cases: readonly string[],
  { budget }: PlatformPlan,
): TrialRequest {
  return {
    engineId: engine.id,
    place: 'bench',
    seed,
    run,
    cases,
    budget,
    rowsBefore: rows,
    scratch: 'scratch',
  };
}

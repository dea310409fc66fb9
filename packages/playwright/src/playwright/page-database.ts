import { createRequire } from 'node:module';
import path from 'node:path';
import type {
  AuditQuery,
  AuditRow,
  MemoryQuery,
  MemoryRow,
  openPersistence,
  Persistence,
  ReceiptQuery,
  ReceiptRow,
} from '@ggen-sim/core';
import type { BrowserContext, JSHandle, Page, Route } from '@playwright/test';
import type { StoredRows } from '../matchers/expected-rows.ts';
import { imageOf, type DatabaseSource } from '../source/copied-database.ts';

/** Where a page keeps its database: the options that it passes to `openPersistence`. */
export interface DatabaseLocation {
  readonly storage: 'indexeddb' | 'opfs';
  readonly name: string;
  /** Passphrase of an encrypted database. */
  readonly key?: string;
}

/** The library, as the tab of a {@link PageDatabase} has it. */
interface TabGlobal {
  readonly ggenSimCore?: { readonly openPersistence: typeof openPersistence };
}

/** Address of the page on the origin under test. Its files come from this process, not from the server. */
const ADDRESS = '/__ggen-sim-playwright__/';
const HTML = `<!doctype html><title>Database</title><link rel="icon" href="data:,">
<script type="module">import * as core from './index.js'; globalThis.ggenSimCore = core;</script>`;
/** The library's build for pages without a bundler. It lies beside the entry, in the tree as well as when it is published. */
const STANDALONE = path.resolve(
  createRequire(import.meta.url).resolve('@ggen-sim/core'),
  '../../dist/standalone',
);
const FILES: ReadonlySet<string> = new Set(['index.js', 'worker.js', 'sql-wasm.wasm']);

/**
 * The database of the pages of an origin. It is opened beside them, in a tab of its own, for as long as a call takes: the
 * pages need no code for tests, and may be open or not. Every method rejects with the errors of `openPersistence`.
 */
export class PageDatabase implements StoredRows {
  readonly #context: BrowserContext;
  readonly #address: string;
  readonly #location: DatabaseLocation;
  #tab: Promise<Page> | undefined;

  /**
   * @param context - the browser context of the pages
   * @param origin - any URL of the pages' origin
   */
  constructor(context: BrowserContext, origin: string, location: DatabaseLocation) {
    this.#context = context;
    this.#address = new URL(ADDRESS, origin).href;
    this.#location = location;
  }

  /** Replaces the database, or creates it. Pages that have it open see the new rows. */
  async seed(source: DatabaseSource): Promise<void> {
    const image = await imageOf(source);
    await this.#use(true, (database) =>
      database.evaluate((opened, bytes) => opened.importImage(bytes), image),
    );
  }

  /** Returns the database as the bytes of an SQLite file. */
  exportImage(): Promise<Uint8Array> {
    return this.#use(false, (database) => database.evaluate((opened) => opened.exportImage()));
  }

  /** Returns receipts, as `Persistence.queryReceipts`. */
  queryReceipts(query: ReceiptQuery = {}): Promise<ReceiptRow[]> {
    return this.#use(false, (database) =>
      database.evaluate(async (opened, given) => await opened.queryReceipts(given), query),
    );
  }

  /** Returns memories, as `Persistence.queryMemory`. */
  queryMemory(query: MemoryQuery = {}): Promise<MemoryRow[]> {
    return this.#use(false, (database) =>
      database.evaluate(async (opened, given) => await opened.queryMemory(given), query),
    );
  }

  /** Returns audit entries, as `Persistence.queryAuditTrail`. */
  queryAuditTrail(query: AuditQuery = {}): Promise<AuditRow[]> {
    return this.#use(false, (database) =>
      database.evaluate(async (opened, given) => await opened.queryAuditTrail(given), query),
    );
  }

  async #use<Result>(
    create: boolean,
    work: (database: JSHandle<Persistence>) => Promise<Result>,
  ): Promise<Result> {
    const tab = await this.#openTab();
    const database: JSHandle<Persistence> = await tab.evaluateHandle(
      (options) => (globalThis as unknown as Required<TabGlobal>).ggenSimCore.openPersistence(options),
      { ...this.#location, create },
    );
    try {
      return await work(database);
    } finally {
      await database.evaluate((opened) => opened.close());
      await database.dispose();
    }
  }

  /** Opens the tab at the first call. Before the pages are opened no service worker of theirs can answer in its place. */
  async #openTab(): Promise<Page> {
    this.#tab ??= this.#openNewTab();
    try {
      return await this.#tab;
    } catch (error) {
      this.#tab = undefined;
      throw error;
    }
  }

  async #openNewTab(): Promise<Page> {
    await this.#context.route(`${this.#address}**`, answer);
    const tab = await this.#context.newPage();
    tab.once('close', () => (this.#tab = undefined));
    await tab.goto(this.#address);
    if (await tab.evaluate(() => (globalThis as unknown as TabGlobal).ggenSimCore === undefined))
      throw new Error(
        `A service worker answered ${this.#address}; set serviceWorkers: 'block', or startFrom`,
      );
    return tab;
  }
}

async function answer(route: Route): Promise<void> {
  const file = new URL(route.request().url()).pathname.slice(ADDRESS.length);
  if (file === '') await route.fulfill({ contentType: 'text/html', body: HTML });
  else if (FILES.has(file)) await route.fulfill({ path: path.join(STANDALONE, file) });
  else await route.fulfill({ status: 404 });
}

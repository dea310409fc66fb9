import type { Persistence } from '@ggen-sim/core';
import {
  test as base,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  type TestType,
} from '@playwright/test';
import {
  openCopy,
  type CopiedDatabase,
  type CopyOptions,
  type DatabaseSource,
} from '../source/copied-database.ts';
import { attachAfterFailure } from './attachments.ts';
import { PageDatabase, type DatabaseLocation } from './page-database.ts';

/** Options of the fixtures, for `use` in the configuration and `test.use`. */
export interface DatabaseOptions {
  /** Where the pages keep their database. @default IndexedDB, with the name `ggen` */
  databaseLocation: DatabaseLocation;
  /** What is in the database of the pages before a test opens one. @default nothing: there is no database */
  startFrom: DatabaseSource | undefined;
}

/** Fixtures that tests of databases are given. */
export interface DatabaseFixtures {
  /** The database of the pages at `baseURL`. When the test fails, it is attached with a report of its receipts. */
  readonly pageDatabase: PageDatabase;
  /**
   * Opens a copy of a database in Node. At the end of the test it is closed and removed; when the test fails, it is
   * attached before, with a report of its receipts.
   */
  readonly persistenceFrom: (source?: DatabaseSource, options?: CopyOptions) => Promise<Persistence>;
}

/** Playwright's `test`, with {@link DatabaseFixtures}. A test that uses `page` has `pageDatabase` set up before. */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & DatabaseOptions & DatabaseFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions
> = base.extend<DatabaseOptions & DatabaseFixtures>({
  databaseLocation: [{ storage: 'indexeddb', name: 'ggen' }, { option: true }],
  startFrom: [undefined, { option: true }],
  pageDatabase: async ({ context, baseURL, databaseLocation, startFrom }, use, testInfo) => {
    if (baseURL === undefined) throw new Error('pageDatabase needs baseURL: a database belongs to an origin');
    const database = new PageDatabase(context, baseURL, databaseLocation);
    if (startFrom !== undefined) await database.seed(startFrom);
    await use(database);
    await attachAfterFailure(testInfo, `${databaseLocation.name}.db`, database);
  },
  page: async ({ page, pageDatabase }, use) => {
    void pageDatabase;
    await use(page);
  },
  // Playwright reads the names of the fixtures that are needed from this pattern; none are.
  // oxlint-disable-next-line no-empty-pattern
  persistenceFrom: async ({}, use, testInfo) => {
    const copies: CopiedDatabase[] = [];
    await use(async (source, options) => {
      const copy = await openCopy(source, options);
      copies.push(copy);
      return copy.persistence;
    });
    for (const { name, persistence } of copies) await attachAfterFailure(testInfo, name, persistence);
    // One that cannot be closed must not leave the others behind.
    const removals = await Promise.allSettled(copies.map((copy) => copy.remove()));
    for (const removal of removals) if (removal.status === 'rejected') throw removal.reason;
  },
});

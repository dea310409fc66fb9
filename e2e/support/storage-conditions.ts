/** What can go wrong with the storage under a page, brought about as it happens to people. */
import type { BrowserContext, CDPSession, Page } from '@playwright/test';
import type { SimulatorPage } from './simulator-page.ts';

/** Clears what the site stored in IndexedDB, as the browser's settings do. */
export async function clearSiteData(context: BrowserContext, page: Page): Promise<void> {
  const devtools = await context.newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', {
    origin: new URL(page.url()).origin,
    storageTypes: 'indexeddb',
  });
}

/** Opens the page in a browser without IndexedDB. */
export async function openWithoutIndexedDb(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  // The database lives in a worker, where an init script does not reach: the page hands its worker a first line.
  await page.route(/worker\.browser-.*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      body: `Object.defineProperty(globalThis, 'indexedDB', { value: undefined });\n${await response.text()}`,
    });
  });
  await page.goto('./');
  return page;
}

/**
 * Gives the site ten megabytes. To be called before its first page: the browser remembers for a while how much room it
 * has found.
 * @returns the session that can lift the limit again
 */
export async function limitQuota(context: BrowserContext, origin: string): Promise<CDPSession> {
  const devtools = await context.newCDPSession(await context.newPage());
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 10 * 1024 * 1024 });
  return devtools;
}

/** Saves a receipt of a megabyte. @returns `saved`, or the code of what went wrong */
export function saveMegabyte({ page }: SimulatorPage, executionId: string): Promise<string> {
  return page.evaluate(async (id) => {
    // Random, because the browser compresses what it stores.
    const chunk = (): string => crypto.getRandomValues(new Uint32Array(1024)).join('');
    const receipt = JSON.stringify({ filler: Array.from({ length: 100 }, chunk).join('') });
    const { persistence } = globalThis.ggenSim;
    try {
      await persistence.saveReceipt({ executionId: id, agentId: 'quota', agentType: 'test', receipt });
      return 'saved';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }, executionId);
}

/** Saves megabytes until one is refused. @returns the ids saved, newest first, and why the last one was not */
export async function fillQuota(simulator: SimulatorPage): Promise<{ saved: string[]; outcome: string }> {
  const saved: string[] = [];
  let outcome = 'saved';
  for (let index = 0; index < 20 && outcome === 'saved'; index += 1) {
    outcome = await saveMegabyte(simulator, `megabyte-${index}`);
    if (outcome === 'saved') saved.unshift(`megabyte-${index}`);
  }
  return { saved, outcome };
}

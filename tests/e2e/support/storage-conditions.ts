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

const MEGABYTE = 1 << 20;

/** Saves a receipt of so many bytes. @returns `saved`, or the code of what went wrong */
export function saveFiller(
  { page }: SimulatorPage,
  executionId: string,
  sizeBytes: number = MEGABYTE,
): Promise<string> {
  return page.evaluate(
    async ([id, size]) => {
      // Random, because the browser compresses what it stores.
      const chunk = (): string => crypto.getRandomValues(new Uint32Array(128)).join('');
      let filler = '';
      while (filler.length < size) filler += chunk();
      const { persistence } = globalThis.ggenSim;
      const receipt = { filler: filler.slice(0, size) };
      try {
        await persistence.saveReceipt({ executionId: id, agentId: 'quota', agentType: 'test', receipt });
        return 'saved';
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    [executionId, sizeBytes] as const,
  );
}

/**
 * Saves megabytes until one is refused, then ever less, so that hardly anything fits.
 * @returns the ids saved, newest first, and why others were not
 */
export async function fillQuota(simulator: SimulatorPage): Promise<{ saved: string[]; refusals: string[] }> {
  const saved: string[] = [];
  const refusals: string[] = [];
  for (const sizeBytes of [MEGABYTE, MEGABYTE / 16, MEGABYTE / 256, 64]) {
    // The browser may find more room meanwhile, when it tidies up.
    for (let count = 0; count < 64; count += 1) {
      const executionId = `filler-${sizeBytes}-${count}`;
      const outcome = await saveFiller(simulator, executionId, sizeBytes);
      if (outcome === 'saved') {
        saved.unshift(executionId);
      } else {
        refusals.push(outcome);
        break;
      }
    }
  }
  return { saved, refusals };
}

/** Failures of a page's storage, caused as they happen to users. */
import { expect, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import type { SimulatorPage } from './simulator-page.ts';

/** Clears the site's data in IndexedDB, as the browser's settings do, and waits until the page says so. */
export async function clearSiteData(
  context: BrowserContext,
  { page, runButton }: SimulatorPage,
): Promise<void> {
  const devtools = await context.newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', {
    origin: new URL(page.url()).origin,
    storageTypes: 'indexeddb',
  });
  const report = page.getByRole('heading', { name: 'The stored data was deleted' });
  // The page that looks at its rows just then notices without a run, and takes the button away.
  await Promise.race([runButton.click().catch(() => undefined), report.waitFor()]);
  await expect(report).toBeVisible();
}

/** Opens the page in a browser without IndexedDB. */
export async function openWithoutIndexedDb(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  // The database is in a worker, which an init script does not reach, so the route inserts a first line.
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
 * Limits the site to ten megabytes. Call it before the first page: the browser caches the available space for a while.
 * @returns the session that can remove the limit
 */
export async function limitQuota(context: BrowserContext, origin: string): Promise<CDPSession> {
  const devtools = await context.newCDPSession(await context.newPage());
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 10 * 1024 * 1024 });
  return devtools;
}

const MEGABYTE = 1 << 20;

/** Saves a receipt of `sizeBytes` bytes. @returns `saved`, or the code of the error */
export function saveFiller(
  { page }: SimulatorPage,
  executionId: string,
  sizeBytes: number = MEGABYTE,
): Promise<string> {
  return page.evaluate(
    async ([id, size]) => {
      // Random, because the browser compresses stored data.
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
 * Saves megabytes until one is refused, then smaller and smaller receipts, so that almost no space is left.
 * @returns the saved ids, newest first, and the codes of the refusals
 */
export async function fillQuota(simulator: SimulatorPage): Promise<{ saved: string[]; refusals: string[] }> {
  const saved: string[] = [];
  const refusals: string[] = [];
  for (const sizeBytes of [MEGABYTE, MEGABYTE / 16, MEGABYTE / 256, 64]) {
    // The browser may free more space meanwhile.
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

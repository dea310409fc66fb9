/** Browsers and pages of trials. */
import { chromium, type BrowserContext } from 'playwright';
import { chromiumLaunch } from '../../../../support/chromium-launch.ts';
import type { TrialResult } from '../trial.ts';
import type { BenchPage, PageRequest } from './page-request.ts';
import type { PageServer } from './serve-pages.ts';

declare const benchPage: BenchPage;

/** A browser on a profile on disk: in a private window OPFS is slow memory and nothing is ever synced. */
export async function inBrowser<Result>(
  server: PageServer,
  profile: string,
  use: (browser: BrowserContext) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launchPersistentContext(profile, {
    ...chromiumLaunch,
    headless: true,
    timeout: 120_000,
  });
  try {
    // The first page of a browser pays for the browser's own start.
    const page = await browser.newPage();
    await page.goto(`${server.url}/blank.html`);
    return await use(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Does a task in a page of its own.
 * @param atEnd - called while the page is still open
 */
export async function runInPage(
  server: PageServer,
  browser: BrowserContext,
  request: PageRequest,
  timeoutMs: number,
  atEnd: () => Promise<void> = () => Promise.resolve(),
): Promise<TrialResult | null> {
  const { trial } = request;
  const page = await browser.newPage();
  page.setDefaultTimeout(timeoutMs);
  try {
    await page.goto(`${server.url}/index.html`);
    const answered = await within(
      timeoutMs,
      `${trial.engineId} at ${trial.seed.rowCount} rows`,
      page.evaluate((asked) => benchPage.run(asked), request),
    );
    if ('error' in answered) throw new Error(`${trial.engineId}: ${answered.error}`);
    await atEnd();
    return answered.result;
  } finally {
    await page.close();
  }
}

async function within<Result>(timeoutMs: number, what: string, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] as string;
}

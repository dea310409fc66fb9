import type { Page } from '@playwright/test';

/** The result of going back to a page. */
export interface Return {
  /** True when the page was restored with its memory; false when it was reloaded. */
  readonly restored: boolean;
  /** The browser's reasons for the reload. */
  readonly reasons: readonly string[];
}

/**
 * Chromium's own reasons to evict a page, which a page cannot avoid: `masked` (for example within a transaction) and
 * `navigation-canceled` (it began to restore the page and, on a busy machine, stopped). Most faults of a page have another
 * name, such as `lock`. Some are masked too, so a test that needs a restored page must require one.
 */
const chromiumReasons: ReadonlySet<string> = new Set(['masked', 'navigation-canceled']);

/** Returns the reasons for a reload that are faults of the page. */
export function reasonsToBlame({ reasons }: Return): readonly string[] {
  return reasons.filter((reason) => !chromiumReasons.has(reason));
}

interface NavigationEntry extends PerformanceEntry {
  readonly notRestoredReasons?: { readonly reasons: readonly { readonly reason: string }[] } | null;
}

declare global {
  var cameBack: boolean | undefined;
}

/** Navigates to another page of the same site, which puts this one into the back-forward cache. */
export async function goAway(page: Page): Promise<void> {
  await page.evaluate(() => {
    globalThis.addEventListener('pageshow', ({ persisted }) => (globalThis.cameBack = persisted));
  });
  await page.goto('./icon.svg');
}

/** Goes back, as the browser's button does. */
export async function comeBack(page: Page): Promise<Return> {
  // A restored page fires no load event. Chromium may stop restoring a page and reload it; the first attempt then counts
  // as aborted.
  await page.goBack({ waitUntil: 'commit' }).catch((error: Error) => {
    if (!error.message.includes('net::ERR_ABORTED')) throw error;
  });
  await page.waitForFunction(() => globalThis.ggenSim !== undefined);
  return page.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation') as NavigationEntry[];
    return {
      restored: globalThis.cameBack === true,
      reasons: entry?.notRestoredReasons?.reasons.map(({ reason }) => reason) ?? [],
    };
  });
}

import type { Page } from '@playwright/test';

/** How a page came back. */
export interface Return {
  /** Whether it is the very page that was left, with its memory; else it was loaded anew. */
  readonly restored: boolean;
  /** Why it was loaded anew, in the browser's words. */
  readonly reasons: readonly string[];
}

/**
 * What Chromium says when it gave the page up for reasons of its own, which no page can help: `masked` (it was within a
 * transaction, say), or `navigation-canceled` (it began to restore the page and, on a busy machine, thought better of
 * it). Most of what a page does wrong has a name of its own, such as `lock`; some of it is masked too, so whoever needs a
 * restored page has to ask for one.
 */
const reasonsOfItsOwn: ReadonlySet<string> = new Set(['masked', 'navigation-canceled']);

/** @returns the reasons why a page was loaded anew that the page itself is to blame for */
export function reasonsToBlame({ reasons }: Return): readonly string[] {
  return reasons.filter((reason) => !reasonsOfItsOwn.has(reason));
}

interface NavigationEntry extends PerformanceEntry {
  readonly notRestoredReasons?: { readonly reasons: readonly { readonly reason: string }[] } | null;
}

declare global {
  var cameBack: boolean | undefined;
}

/** Leaves for another page of the same site, which puts this one into the back-forward cache. */
export async function goAway(page: Page): Promise<void> {
  await page.evaluate(() => {
    globalThis.addEventListener('pageshow', ({ persisted }) => (globalThis.cameBack = persisted));
  });
  await page.goto('./icon.svg');
}

/** Goes back, as with the browser's button. */
export async function comeBack(page: Page): Promise<Return> {
  // A restored page has no load event to wait for. Chromium may give a page up while it restores it, and load it anew by
  // itself; the first attempt then counts as aborted.
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

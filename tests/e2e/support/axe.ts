import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/**
 * Checks a state with axe. Legacy mode checks the page in itself, which has no frames of other origins; else each check opens
 * another page.
 * @param rules - the only ones to check; all without this
 */
async function findProblems(page: Page, rules?: readonly string[]): Promise<void> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (rules ? axe.withRules([...rules]) : axe).analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ target }) => target.join(' ')) })),
  ).toEqual([]);
}

/** What scrolls down only: beside its edge nothing would be seen. Tables of a query and code scroll sideways. */
const SCROLLED_DOWN =
  '.data-tabs__list, .data-tabs__panel, .row-table__scroller, .dialog, .record-dialog__body';

/** Checks that nothing is wider than the window, or than the part of the page in which it is. */
async function findOverflow(page: Page): Promise<void> {
  const wider = await page.evaluate(
    (parts) =>
      [document.documentElement, ...document.querySelectorAll(parts)]
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
        .map((part) => `${part.className || part.localName}: ${part.scrollWidth} in ${part.clientWidth} px`),
    SCROLLED_DOWN,
  );
  expect(wider).toEqual([]);
}

/** Checks a state with axe, light, dark and on a phone, where nothing may be wider than the window. */
export async function findProblemsEverywhere(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  // Of the rules, only this one is about colors.
  await findProblems(page, ['color-contrast']);
  await page.emulateMedia({ colorScheme: 'light' });
  await findProblems(page);
  await findOverflow(page);
  await page.setViewportSize({ width: 375, height: 812 });
  await findProblems(page);
  await findOverflow(page);
}

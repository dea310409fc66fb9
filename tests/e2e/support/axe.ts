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

/** Checks a state with axe, light, dark and on a phone, where nothing may be wider than the window. */
export async function findProblemsEverywhere(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  // Of the rules, only this one is about colors.
  await findProblems(page, ['color-contrast']);
  await page.emulateMedia({ colorScheme: 'light' });
  await findProblems(page);
  await page.setViewportSize({ width: 375, height: 812 });
  await findProblems(page);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
}

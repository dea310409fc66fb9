import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ target }) => target.join(' ')) })),
  ).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('axe finds nothing before a session, after runs, in every tab and in dialogs', async ({
      simulator,
    }) => {
      const { page } = simulator;
      await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
      await expectAccessible(page);

      await simulator.startWith('Water network with mistakes');
      await simulator.run();
      await expect(simulator.table).toContainText('error');
      await expectAccessible(page);

      for (const tab of ['Memory', 'Audit trail', 'Database'] as const) {
        await simulator.showTab(tab);
        await expectAccessible(page);
      }
      await page.getByRole('button', { name: 'Delete everything' }).click();
      await expect(page.getByRole('alertdialog')).toBeVisible();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Keep it' }).click();

      await simulator.showTab('Receipts');
      await expect(simulator.table).toContainText('error');
      await simulator.table.focus();
      await page.keyboard.press('Enter');
      await expect(page.getByRole('dialog')).toContainText('determinism');
      await expectAccessible(page);
    });

    test('axe finds nothing on a phone, with a syntax error', async ({ simulator }) => {
      const { page } = simulator;
      await page.setViewportSize({ width: 390, height: 844 });
      await simulator.startWith('Syntax error');
      await simulator.run();
      await expectAccessible(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
    });
  });
}

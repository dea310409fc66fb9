import type { GgenSim } from '@ggen-sim/simulator/ggen-sim';
import { expect, type Locator, type Page } from '@playwright/test';

declare global {
  var ggenSim: GgenSim;
}

/** The page, in terms of its users. */
export class SimulatorPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get runButton(): Locator {
    return this.page.getByRole('button', { name: 'Run validation' });
  }

  get result(): Locator {
    return this.page.getByRole('region', { name: 'Validation result' });
  }

  get editor(): Locator {
    return this.page.getByRole('textbox', { name: /^Content of/ });
  }

  /** Locates the editor of queries in SQL. */
  get query(): Locator {
    return this.page.getByRole('textbox', { name: 'Query in SQL' });
  }

  /** Locates one of the counts above the tables. */
  count(name: string): Locator {
    const figure = this.page
      .locator('.stats-strip__stat')
      .filter({ has: this.page.getByText(name, { exact: true }) });
    return figure.locator('dd');
  }

  /** Locates the number of rows that pass the filters of the current table. */
  get matching(): Locator {
    return this.page.locator('.filter-bar__count');
  }

  /** Locates the current table. */
  get table(): Locator {
    return this.page.getByRole('grid');
  }

  async startWith(example: string): Promise<void> {
    await this.page.getByRole('button', { name: example }).click();
    await expect(this.editor).toBeVisible();
  }

  async run(): Promise<void> {
    await this.runButton.click();
    await expect(this.result).toBeVisible();
    await expect(this.runButton).toBeEnabled();
  }

  async showTab(
    name: 'Overview' | 'Receipts' | 'Memory' | 'Audit trail' | 'SQL' | 'Database',
  ): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
    // For a frame or two the panel that leaves is still beside the one that comes.
    await expect(this.page.getByRole('tabpanel')).toHaveCount(1);
  }

  /** Returns the execution ids of all stored receipts. */
  executionIds(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const ids: string[] = [];
      const rows = globalThis.ggenSim.persistence.queryReceipts({ limit: 1_000_000 });
      for await (const { executionId } of rows) ids.push(executionId);
      return ids;
    });
  }

  /** Verifies the database; resolves to true when it is intact. */
  verified(): Promise<boolean> {
    return this.page.evaluate(async () => (await globalThis.ggenSim.persistence.verify()).ok);
  }
}

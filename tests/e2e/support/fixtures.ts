import { expect, test as base, type DatabaseFixtures, type DatabaseOptions } from '@ggen-sim/playwright';
import type {
  BrowserContext,
  Page,
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test';
import { SimulatorPage } from './simulator-page.ts';

/** Fixtures of every test of the page. */
interface Fixtures {
  /** The open page, with its database ready. */
  readonly simulator: SimulatorPage;
  /** Opens one more tab on the same data. */
  readonly openTab: () => Promise<SimulatorPage>;
}

/**
 * Playwright's test, with the simulator open. In every test, no tab may log an error, throw, or run into the page's
 * content security policy.
 */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & DatabaseOptions & DatabaseFixtures & Fixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions
> = base.extend<Fixtures>({
  context: async ({ context }, use) => {
    const complaints = watch(context);
    await use(context);
    expect(complaints).toEqual([]);
  },
  openTab: async ({ context }, use) => {
    await use(() => openSimulator(context));
  },
  simulator: async ({ openTab, pageDatabase }, use) => {
    // A test that fails has the database attached.
    void pageDatabase;
    await use(await openTab());
  },
});

/** Opens the page in a new tab, with its receipts, and waits for its database. */
export async function openSimulator(context: BrowserContext): Promise<SimulatorPage> {
  const page = await context.newPage();
  await page.goto('./#/receipts');
  await ready(page);
  return new SimulatorPage(page);
}

/** Waits until the page's database is open. */
export async function ready(page: Page): Promise<void> {
  await page.evaluate(async () => void (await globalThis.ggenSim.ready));
}

/** Collects a page's thrown and logged errors, violations of its policy included. */
export function watch(context: BrowserContext): string[] {
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}

export { expect };

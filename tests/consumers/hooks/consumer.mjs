import path from 'node:path';
import { launchChromium, serveFolder } from '../page/try-page.mjs';

/** Generous: the check is not about time. */
const TIMEOUT_MS = 300_000;

const row = (what, name) => ({
  what,
  version: name,
  tried:
    'a component that shows rows, built by Vite: saves of this tab and another, a changed query, in Chromium',
  async try({ project, run, check }) {
    await run('npx', ['vite', 'build'], { cwd: project });
    const server = await serveFolder(path.join(project, 'dist'));
    const browser = await launchChromium();
    try {
      const context = await browser.newContext();
      context.setDefaultTimeout(TIMEOUT_MS);
      const [one, other] = [await context.newPage(), await context.newPage()];
      for (const page of [one, other]) {
        await page.goto(`${server.url}${name}.html`);
        await page.waitForFunction(() => typeof globalThis.save === 'function');
      }
      const shows = (...rows) =>
        one.waitForFunction(
          (expected) =>
            [...document.querySelectorAll('p')].map(({ textContent }) => textContent).join() === expected,
          rows.join(),
        );
      const save = (page, ...receipt) => page.evaluate((saved) => globalThis.save(...saved), receipt);
      await check('a save of this tab', async () => {
        await save(one, 'first', 'a');
        await shows('first');
      });
      await check('a save of another tab', async () => {
        await save(other, 'second', 'a');
        await save(other, 'hidden', 'b');
        await shows('second', 'first');
      });
      await check('a changed query', async () => {
        await one.evaluate(() => globalThis.show('b'));
        await shows('hidden');
      });
    } finally {
      await browser.close();
      await server.close();
    }
  },
});

export default { area: 'Libraries', rows: [row('React', 'react'), row('Svelte', 'svelte')] };

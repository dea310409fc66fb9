import { strict as assert } from 'node:assert';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { runnerImport } from 'vite';
import { launchChromium, serveFolder } from '../page/try-page.mjs';

/** Generous: the checks are not about time. */
const TIMEOUT_MS = 300_000;

/** A package that a program of this folder uses. */
const row = (name, tried) => ({
  what: `\`@ggen-sim/${name}\``,
  version: `@ggen-sim/${name}`,
  tried,
  try: ({ project, run }) => run('node', [`${name}.mjs`], { cwd: project }),
});

/** A page that Vite builds, and databases of Node, over a hub of the project's packages. */
async function trySyncPage({ project, run, check }) {
  await run('npx', ['vite', 'build', 'sync-page'], { cwd: project });
  const { executionsOver, serveHub } = await import(pathToFileURL(path.join(project, 'hub.mjs')));
  const pages = await serveFolder(path.join(project, 'sync-page/dist'));
  const allowedOrigins = [new URL(pages.url).origin];
  let hub = await serveHub(path.join(project, 'page-hub.db'), { allowedOrigins });
  const { port, token } = hub;
  const arrives = async (executionId) => {
    const end = performance.now() + TIMEOUT_MS;
    while (!(await executionsOver(hub)).includes(executionId)) {
      if (performance.now() > end) throw new Error(`${executionId} did not arrive`);
      await setTimeout(50);
    }
  };
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    const isOpen = () => page.waitForFunction(() => typeof globalThis.save === 'function');
    const save = (executionId) => page.evaluate((id) => globalThis.save(id), executionId);
    const has = (...executionIds) =>
      page.waitForFunction(
        async (expected) => (await globalThis.executions()).join() === expected,
        executionIds.join(),
      );
    await check('a save of the page', async () => {
      await page.goto(`${pages.url}#${new URLSearchParams({ url: hub.url, token })}`);
      await isOpen();
      await save('page 1');
      await arrives('page 1');
    });
    await check('a save of Node', async () => {
      await executionsOver(hub, 'node 1');
      await has('node 1', 'page 1');
    });
    await check('after a reload', async () => {
      await page.reload();
      await isOpen();
      await has('node 1', 'page 1');
      await save('page 2');
      await arrives('page 2');
    });
    await check('nothing is sent to another hub at the same address', async () => {
      await hub.stop();
      hub = await serveHub(path.join(project, 'other-page-hub.db'), { allowedOrigins, port, token });
      await save('page 3');
      await page.waitForFunction(async () => (await globalThis.errorCode()) === 'SYNC_TARGET_CHANGED');
      assert.deepEqual(await executionsOver(hub), []);
    });
  } finally {
    await browser.close();
    await hub.stop();
    await pages.close();
  }
}

export default {
  area: 'Packages',
  rows: [
    row('agents', 'a validation that leaves its receipt'),
    row('graphql', 'a query and a subscription'),
    row('hooks', 'settings; events and the receipt of a turn, stored by the process that hooks start'),
    row('serve', 'token, events, metrics, GraphQL and hooks over HTTP; found and stopped'),
    row('mcp', "the protocol's own client over standard input and output and over HTTP"),
    {
      what: '`@ggen-sim/sync`',
      version: '@ggen-sim/sync',
      tried: 'two databases over a hub; `backgroundSync`: a hub that is away, comes back, is another one',
      async try({ project, run, check }) {
        await check('step by step', () => run('node', ['sync.mjs'], { cwd: project }));
        await check('`backgroundSync`', () => run('node', ['background-sync.mjs'], { cwd: project }));
      },
    },
    {
      what: '`@ggen-sim/sync`, in a page',
      version: '@ggen-sim/sync',
      tried: '`backgroundSync` in Chromium, built by Vite: IndexedDB, reload, a hub and databases of Node',
      try: trySyncPage,
    },
    {
      what: '`@ggen-sim/playwright`',
      version: '@ggen-sim/playwright',
      tried: 'matchers in Vitest; a seeded page in Playwright with Chromium',
      async try({ project, run, check }) {
        await check('Vitest', () => run('npx', ['vitest', 'run', 'receipts.test.js'], { cwd: project }));
        await check('Playwright', async () => {
          const { module } = await runnerImport('./tests/support/chromium-launch.ts');
          const server = await serveFolder(project);
          const env = { BASE_URL: server.url, LAUNCH_OPTIONS: JSON.stringify(module.chromiumLaunch) };
          try {
            await run('npx', ['playwright', 'test'], { cwd: project, env });
          } finally {
            await server.close();
          }
        });
      },
    },
  ],
};

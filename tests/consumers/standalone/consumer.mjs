import { strict as assert } from 'node:assert';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  launchChromium,
  NEEDS_WORKER,
  serveFolder,
  titleAfterVisit,
  TRIED,
  tryPage,
} from '../page/try-page.mjs';

/** The published folder, at the place that the pages name. */
function copyPackage(project) {
  const folder = path.join(project, 'ggen-sim');
  cpSync(path.join(project, 'node_modules/@ggen-sim/core/dist/standalone'), folder, { recursive: true });
  return folder;
}

/** A page that names the files of another origin. */
function pageOfOrigin(project, url) {
  const folder = path.join(project, 'other-origin');
  mkdirSync(folder);
  const imports = { '@ggen-sim/core': `${url}index.js` };
  writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html><title>fresh</title><script type="importmap">${JSON.stringify({ imports })}</script>
    <script type="module" src="./main.js"></script>`,
  );
  cpSync(path.join(project, 'main.js'), path.join(folder, 'main.js'));
  writeFileSync(
    path.join(folder, 'worker.js'),
    `import { startWorker } from '${imports['@ggen-sim/core']}'; startWorker();`,
  );
  return folder;
}

/** A worker of a kind that cannot start others saves, is ended, and reads back. */
const sharedRow = (what, kind, end) => ({
  what: `none: ${what}`,
  version: () => '',
  tried: 'IndexedDB, in the worker itself: save, end the worker, and read back in Chromium',
  async try({ project, check }) {
    copyPackage(project);
    const server = await serveFolder(project);
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const visit = (storage) =>
        titleAfterVisit(page, `${server.url}shared.html?${new URLSearchParams({ kind, storage })}`);
      await check('IndexedDB', async () => {
        assert.equal(await visit('indexeddb'), 'counted 1, of which this worker saved 1');
        await end(page);
        assert.equal(await visit('indexeddb'), 'counted 2, of which this worker saved 1');
      });
      await check('OPFS is refused', async () => assert.match(await visit('opfs'), NEEDS_WORKER));
    } finally {
      await browser.close();
      await server.close();
    }
  },
});

export default {
  area: 'Bundlers',
  quick: true,
  sources: ['page'],
  rows: [
    {
      what: 'none: import map',
      version: () => '',
      tried: TRIED,
      async try({ project, check }) {
        copyPackage(project);
        const server = await serveFolder(project);
        await tryPage(server.url, check);
        await server.close();
      },
    },
    {
      what: 'none: import map to another origin (CDN)',
      version: () => '',
      tried: 'default worker and own worker; IndexedDB; save and reload in Chromium',
      async try({ project, check }) {
        const cdn = await serveFolder(copyPackage(project), { 'access-control-allow-origin': '*' });
        const server = await serveFolder(pageOfOrigin(project, cdn.url));
        const browser = await launchChromium();
        try {
          for (const worker of ['default', 'own'])
            await check(`${worker} worker`, async () => {
              const page = await browser.newPage();
              const parameters = new URLSearchParams({ storage: 'indexeddb', worker });
              for (const expected of ['counted 1', 'counted 2'])
                assert.equal(await titleAfterVisit(page, `${server.url}?${parameters}`), expected);
              await page.close();
            });
        } finally {
          await browser.close();
          await server.close();
          await cdn.close();
        }
      },
    },
    sharedRow('service worker', 'service', async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
    }),
    // It ends with the last page that uses it.
    sharedRow('SharedWorker', 'shared', (page) => page.goto('about:blank')),
  ],
};

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { INDEXEDDB_SUITES, SUITES_TRIED, trySuites } from '../browser-suites/try-suites.mjs';
import { serveFolder } from '../page/try-page.mjs';
import { launchWebKit } from './webdriver.mjs';

const PROGRAMS = ['WebKitWebDriver', 'Xvfb'];
/** Debian has the browser with the library, in a folder of the processor's name. */
const BROWSER = ['/usr/lib', ...['x86_64', 'aarch64'].map((name) => `/usr/lib/${name}-linux-gnu`)]
  .map((folder) => path.join(folder, 'webkit2gtk-4.1/MiniBrowser'))
  .find((file) => existsSync(file));

const isInstalled = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

const NO_OPFS = /^failed STORAGE_UNAVAILABLE: this browser has no OPFS/;

let version;

const unavailable = () =>
  BROWSER === undefined || !PROGRAMS.every(isInstalled)
    ? 'it is not installed (install-system-packages.mjs --browsers)'
    : undefined;

const nameOf = (storage, worker) =>
  `${storage}, ${worker === 'none' ? '`worker: false`' : `${worker} worker`}`;

export default {
  area: 'Browsers',
  sources: ['page', 'browser-suites'],
  rows: [
    {
      what: 'WebKitGTK',
      version: () => version,
      tried:
        'default worker, own worker and `worker: false`; IndexedDB: save and reload; OPFS, which it has not: refused with that reason',
      unavailable,
      async try({ project, run, check }) {
        await run('npx', ['vite', 'build'], { cwd: project });
        const server = await serveFolder(path.join(project, 'dist'));
        const browser = await launchWebKit(BROWSER, project);
        ({ version } = browser);
        try {
          for (const storage of ['indexeddb', 'opfs'])
            for (const worker of ['default', 'own', 'none'])
              await check(nameOf(storage, worker), async () => {
                const url = new URL(`?${new URLSearchParams({ storage, worker })}`, server.url).href;
                const titles = [await browser.visit(url), await browser.visit(url)];
                if (storage === 'opfs') for (const title of titles) assert.match(title, NO_OPFS);
                else assert.deepEqual(titles, ['counted 1', 'counted 2']);
              });
        } finally {
          await browser.close();
          await server.close();
        }
      },
    },
    {
      what: 'WebKitGTK, suites',
      version: () => version,
      tried: `${SUITES_TRIED}; IndexedDB`,
      unavailable,
      try: (context) =>
        trySuites(context, INDEXEDDB_SUITES, async (address) => {
          const browser = await launchWebKit(BROWSER, context.project);
          ({ version } = browser);
          try {
            return await browser.visit(address);
          } finally {
            await browser.close();
          }
        }),
    },
  ],
};

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { INDEXEDDB_SUITES, OPFS_SUITES, SUITES_TRIED, trySuites } from '../browser-suites/try-suites.mjs';
import { NEEDS_WORKER, serveFolder } from '../page/try-page.mjs';

const PROGRAM = 'firefox-esr';
const PROGRAM_PATH = spawnSync('sh', ['-c', `command -v ${PROGRAM}`], { encoding: 'utf8' }).stdout.trim();
const version = () =>
  spawnSync(PROGRAM_PATH, ['--version'], { encoding: 'utf8' }).stdout.match(/[\d.]+/)?.[0];
const unavailable = () =>
  PROGRAM_PATH === '' ? `${PROGRAM} is not installed (install-system-packages.mjs --browsers)` : undefined;
/** All cases of one suite. */
const SUITE_MS = 600_000;
const CASES = ['indexeddb', 'opfs'].flatMap((storage) =>
  ['default', 'own', 'none'].map((worker) => ({ storage, worker })),
);

/** Starts Firefox, driven over WebDriver BiDi, with a profile that stays. */
async function launch(project) {
  const puppeteer = createRequire(path.join(project, 'package.json')).resolve('puppeteer-core');
  const { default: driver } = await import(pathToFileURL(puppeteer));
  return driver.launch({
    browser: 'firefox',
    executablePath: PROGRAM_PATH,
    headless: true,
    userDataDir: path.join(project, 'profile'),
  });
}

/** Opens the page once. @returns the title that it gives itself once it has saved or failed */
async function visit(browser, url, { storage, worker }) {
  const page = await browser.newPage();
  try {
    await page.goto(new URL(`?${new URLSearchParams({ storage, worker })}`, url).href);
    await page.waitForFunction(() => /^(counted|failed)/.test(document.title), { timeout: 300_000 });
    return await page.title();
  } finally {
    await page.close();
  }
}

/** Opens the page with every storage and worker. The second time, after a restart, it must find what the first one saved. */
async function tryVisits(project, url, check) {
  const titles = [];
  for (let visits = 0; visits < 2; visits++) {
    const browser = await launch(project);
    try {
      for (const [index, one] of CASES.entries()) {
        titles[index] = [...(titles[index] ?? []), await visit(browser, url, one).catch(String)];
      }
    } finally {
      await browser.close();
    }
  }
  for (const [index, { storage, worker }] of CASES.entries()) {
    await check(`${storage}, ${worker === 'none' ? '`worker: false`' : `${worker} worker`}`, () => {
      const found = titles[index].join(', ');
      if (storage === 'opfs' && worker === 'none' && NEEDS_WORKER.test(found)) return;
      if (found !== 'counted 1, counted 2') throw new Error(found);
    });
  }
}

/** Opens the page of a suite, in a process of its own. @returns its title at the end */
async function visitSuite(project, address) {
  const browser = await launch(project);
  const page = await browser.newPage();
  try {
    await page.goto(address);
    await page.waitForFunction(() => /^(counted|failed)/.test(document.title), { timeout: SUITE_MS });
    return await page.title();
  } catch (error) {
    throw new Error(`${error.message}: ${await page.title()}`, { cause: error });
  } finally {
    await browser.close();
  }
}

const suitesRow = {
  what: 'Firefox ESR, suites',
  version,
  tried: `${SUITES_TRIED}; IndexedDB and OPFS`,
  unavailable,
  try: (context) =>
    trySuites(context, [...INDEXEDDB_SUITES, ...OPFS_SUITES], (address) =>
      visitSuite(context.project, address),
    ),
};

export default {
  area: 'Browsers',
  sources: ['page', 'browser-suites'],
  rows: [
    {
      what: 'Firefox ESR',
      version,
      tried: 'default worker, own worker and `worker: false`; IndexedDB and OPFS; save, quit, and read back',
      unavailable,
      async try({ project, run, check }) {
        await run('npx', ['vite', 'build'], { cwd: project });
        const server = await serveFolder(path.join(project, 'dist'));
        await tryVisits(project, server.url, check);
        await server.close();
      },
    },
    suitesRow,
  ],
};

// Drives the page of this folder in Chromium: saves, reloads, and reads back what was saved.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { chromium } from 'playwright';
import { runnerImport } from 'vite';

const MEDIA_TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** What `openPersistence` says to a page that wants OPFS in its own thread, where browsers have no synchronous access. */
export const NEEDS_WORKER = /^failed STORAGE_UNAVAILABLE: only dedicated workers/;

/**
 * Serves the files of a folder without any special header, as a static host does.
 * @param headers - those that a CDN would add
 * @returns its URL, the files that it has served, and a function that ends it
 */
export async function serveFolder(folder, headers = {}) {
  const served = new Set();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = path.join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    try {
      const body = readFileSync(file);
      response.setHeaders(new Headers(headers));
      response.setHeader('content-type', MEDIA_TYPES[path.extname(file)] ?? 'application/octet-stream');
      response.end(body);
      served.add(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    served,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

/** Starts the Chromium that this repository's tests use. */
export async function launchChromium() {
  // Node 20 cannot import TypeScript. Vite sets NODE_ENV, which the builds of consumers must not inherit.
  const { NODE_ENV } = process.env;
  const { module } = await runnerImport('./tests/support/chromium-launch.ts');
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  return chromium.launch(module.chromiumLaunch);
}

/** The title that the page gives itself once it has saved or failed. */
export async function titleAfterVisit(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => /^(counted|failed)/.test(document.title), undefined, { timeout: 300_000 });
  return page.title();
}

/**
 * Opens the page at a URL with each storage and each kind of worker, twice: the second visit must find what the first one saved.
 * @param check - records one result
 */
export async function tryPage(url, check) {
  const browser = await launchChromium();
  try {
    for (const storage of ['indexeddb', 'opfs'])
      for (const worker of ['default', 'own', 'none'])
        await check(`${storage}, ${worker === 'none' ? '`worker: false`' : `${worker} worker`}`, async () => {
          const page = await browser.newPage();
          const faults = [];
          page.on('pageerror', (error) => faults.push(String(error)));
          page.on('requestfailed', (request) => faults.push(`${request.url()} failed`));
          page.on('response', (response) => {
            if (response.status() >= 400) faults.push(`${response.url()}: ${response.status()}`);
          });
          const visits = new URL(`?${new URLSearchParams({ storage, worker })}`, url).href;
          try {
            for (const expected of ['counted 1', 'counted 2']) {
              const title = await titleAfterVisit(page, visits);
              if (storage === 'opfs' && worker === 'none' && NEEDS_WORKER.test(title)) break;
              if (title !== expected) throw new Error(`${title}, not ${expected}`);
            }
          } catch (error) {
            throw new Error(`${error.message.split('\n', 1)[0]} ${faults.join('; ')}`, { cause: error });
          } finally {
            await page.close();
          }
        });
  } finally {
    await browser.close();
  }
}

/** What the rows of bundlers try, for the table. */
export const TRIED =
  'default worker, own worker and `worker: false`; IndexedDB and OPFS; save and reload in Chromium';

// Runs the published suites in a browser: one page, and one result, for each suite.
import { strict as assert } from 'node:assert';
import path from 'node:path';
import { serveFolder } from '../page/try-page.mjs';

export const SUITES_TRIED = 'the storage and persistence suites, in the page and in workers';

/** Suites and the places in which they run; `fails` is a control, whose locks exclude no one. */
export const INDEXEDDB_SUITES = [
  { suite: 'storage indexeddb', place: 'page' },
  { suite: 'storage indexeddb', place: 'worker' },
  { suite: 'storage indexeddb without locks', place: 'page', fails: true },
  { suite: 'persistence indexeddb', place: 'page' },
  { suite: 'persistence indexeddb in process', place: 'page' },
  { suite: 'persistence indexeddb in process', place: 'worker' },
];

/** Browsers give OPFS to workers only. */
export const OPFS_SUITES = [
  { suite: 'storage opfs', place: 'worker' },
  { suite: 'storage opfs without locks', place: 'worker', fails: true },
  { suite: 'persistence opfs', place: 'page' },
  { suite: 'persistence opfs exclusive', place: 'page' },
  { suite: 'persistence opfs in process', place: 'worker' },
];

/** Both suites have more cases than this that apply to every storage. */
const LEAST_CASES = 50;

/**
 * Builds the pages and runs suites, one after the other.
 * @param visit - opens an address in the browser, and returns the title that the page gives itself at its end
 */
export async function trySuites({ project, run, check }, suites, visit) {
  await run('npx', ['vite', 'build', 'suites'], { cwd: project });
  const server = await serveFolder(path.join(project, 'suites/dist'));
  try {
    for (const { suite, place, fails } of suites) {
      await check(fails ? `control: ${suite} fails` : `${suite}, ${place}`, async () => {
        const title = await visit(new URL(`?${new URLSearchParams({ suite, place })}`, server.url).href);
        if (fails) assert.match(title, /^failed [1-9].*: promise 8: /);
        else assert.ok(Number(/^counted (\d+)$/.exec(title)?.[1]) > LEAST_CASES, title);
      });
    }
  } finally {
    await server.close();
  }
}

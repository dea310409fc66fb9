/**
 * Measures the page over a large database: `pnpm --filter @ggen-sim/tests large-database [ROWS] [studio|indexeddb|opfs]…`. For
 * each step it reports how long it took until its result was shown, and the tasks that kept the page from answering. Ends with
 * 1 when one took more than 100 ms while the user scrolled or filtered. Its figures depend on the machine, so it is no part of a
 * check. The browser has a profile on disk and is started again once the data is in it: a private window keeps IndexedDB and
 * OPFS in the memory of another process, and every page that is read from there costs a message.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { servePage } from './support/page-server.mjs';

const [rows = '1000000', ...chosen] = process.argv.slice(2);
const STORAGES = chosen.length > 0 ? chosen : ['studio', 'indexeddb', 'opfs'];
const ROWS = Number(rows);
const LONG_TASK_MS = 100;
const PROGRAM = path.resolve(import.meta.dirname, '../../packages/cli/dist/ggen-sim.cjs');
const CHROMIUM = '/usr/bin/chromium-headless-shell';

const folder = mkdtempSync(path.join(tmpdir(), 'large-database-'));
const file = path.join(folder, 'large.db');
let longest = 0;
try {
  makeDatabase();
  console.log(`${ROWS} receipts, ${Math.round(statSync(file).size / 1e6)} MB`);
  for (const storage of STORAGES) await (storage === 'studio' ? inStudio() : inBrowser(storage));
} finally {
  rmSync(folder, { recursive: true });
}
if (longest > LONG_TASK_MS) {
  console.error(`The longest task while scrolling or filtering took ${Math.round(longest)} ms`);
  process.exitCode = 1;
}

/** Makes receipts of 200 agents, one every thirty seconds until now. */
function makeDatabase() {
  execFileSync(process.execPath, [PROGRAM, 'db', 'init', '--db', file], { stdio: 'ignore' });
  const start = Math.floor(Date.now() / 1000) - ROWS * 30;
  execFileSync('sqlite3', [
    file,
    `PRAGMA synchronous=OFF;
     INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, created_at, updated_at, duration_ms)
     SELECT printf('%064x', value), 'exec-' || value, 'agent-' || (value % 200), 'codegen', '{"index":' || value || '}',
       CASE WHEN value % 97 = 0 THEN 'error' WHEN value % 41 = 0 THEN 'partial' ELSE 'success' END,
       datetime(${start} + value * 30, 'unixepoch'), datetime(${start} + value * 30, 'unixepoch'), value * 37 % 9000
     FROM generate_series(0, ${ROWS - 1})`,
  ]);
}

async function inStudio() {
  const studio = spawn(process.execPath, [PROGRAM, 'studio', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let text = '';
    for await (const line of createInterface({ input: studio.stdout })) {
      text += line;
      if (line === '}') break;
    }
    await measure('studio', JSON.parse(text).url);
  } finally {
    studio.kill();
  }
}

async function inBrowser(storage) {
  const server = await servePage({
    quality: 1,
    answerElse(name, response) {
      if (name !== '/large.db') return false;
      createReadStream(file).pipe(response);
      return true;
    },
  });
  try {
    await measure(storage, `${server.url}${storage === 'opfs' ? '?storage=opfs' : ''}`);
  } finally {
    server.close();
  }
}

/** Starts a browser with a profile on disk. */
async function startBrowser(profile) {
  const context = await chromium.launchPersistentContext(profile, {
    ...(existsSync(CHROMIUM) && { executablePath: CHROMIUM }),
    args: ['--no-sandbox', '--disable-gpu'],
    viewport: { width: 1440, height: 900 },
  });
  await context.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
    }).observe({ type: 'longtask', buffered: true });
    // Playwright looks for what it waits for up to a second apart.
    const observer = new MutationObserver(() => {
      if (document.querySelectorAll('[role="grid"] [role="row"]').length <= 5) return;
      observer.disconnect();
      globalThis.firstRowsMs = performance.now();
    });
    observer.observe(document, { subtree: true, childList: true });
  });
  // Reading everything from IndexedDB takes tens of seconds.
  context.setDefaultTimeout(180_000);
  return { context, page: await context.newPage() };
}

async function measure(storage, url) {
  const profile = mkdtempSync(path.join(folder, 'profile-'));
  let { context, page } = await startBrowser(profile);
  if (storage !== 'studio') {
    await page.goto(url);
    await page.evaluate(async () => {
      await globalThis.ggenSim.ready;
      const image = await (await fetch('./large.db')).arrayBuffer();
      await globalThis.ggenSim.persistence.importImage(new Uint8Array(image));
    });
    await context.close();
    ({ context, page } = await startBrowser(profile));
  }
  /** Does a step and waits for what it shows. @param counts - false where a long task is allowed */
  const step = async (name, work, counts = true) => {
    await page.evaluate(() => void (globalThis.longTasks = [])).catch(() => undefined);
    const startMs = performance.now();
    await work();
    const tookMs = Math.round(performance.now() - startMs);
    const tasks = await page.evaluate(() => globalThis.longTasks);
    const worst = Math.max(0, ...tasks);
    if (counts) longest = Math.max(longest, worst);
    console.log(
      `${storage}: ${name}: ${tookMs} ms; ${tasks.length} tasks above 50 ms, the longest ${Math.round(worst)} ms`,
    );
  };
  let table = page.getByRole('grid');
  const rowsShown = () => table.getByRole('row').nth(5).waitFor();
  const total = ROWS.toLocaleString('en');
  if (storage !== 'studio') {
    await step(
      'first rows of the receipts, in a browser just started',
      async () => {
        await page.goto(`${url}#/receipts`);
        await rowsShown();
      },
      false,
    );
    const firstRowsMs = await page.evaluate(() => globalThis.firstRowsMs);
    console.log(`${storage}: first rows, from the start of the navigation: ${Math.round(firstRowsMs)} ms`);
    await context.close();
    ({ context, page } = await startBrowser(profile));
    table = page.getByRole('grid');
  }
  const count = page.locator('.filter-bar__count');
  await step(
    'open until the overview is drawn, in a browser just started',
    async () => {
      await page.goto(url);
      await page.locator('.stats-strip').getByText(total).waitFor();
      await page.getByRole('heading', { name: 'Agents' }).waitFor();
    },
    false,
  );
  await step('receipts, with the chart', async () => {
    await page.getByRole('tab', { name: 'Receipts' }).click();
    await rowsShown();
    await page.locator('.runs-chart .u-over').waitFor();
  });
  await step('scroll by 200 turns of the wheel', async () => {
    await table.hover();
    for (let turn = 0; turn < 200; turn++) await page.mouse.wheel(0, 600);
  });
  await step('scroll by 40 times End', async () => {
    await table.focus();
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('End');
      await page.evaluate(() => new Promise((resolve) => void requestAnimationFrame(resolve)));
    }
  });
  await step('filter by an agent, typed, until it is counted', async () => {
    await page.getByLabel('Agent').first().pressSequentially('agent-17');
    await count.getByText((ROWS / 200).toLocaleString('en')).waitFor();
  });
  await step('filter by a pattern', async () => {
    await page.getByLabel('Agent').first().fill('agent-1*');
    // Of 200 agents: 1, 10 to 19, 100 to 199.
    await count.getByText(((ROWS / 200) * 111).toLocaleString('en')).waitFor();
  });
  await step('filter by a status', async () => {
    await page.getByLabel('Agent').first().fill('');
    await page.getByLabel('Status').selectOption('partial');
    const partial = Math.ceil(ROWS / 41) - Math.ceil(ROWS / 41 / 97);
    await count.getByText(partial.toLocaleString('en')).waitFor();
  });
  await step('filter by a text of the newest rows', async () => {
    await page.getByLabel('Status').selectOption('any');
    await page.getByLabel('Filter receipts by text').fill(`"index":${ROWS - 7}`);
    await table.getByText(`exec-${ROWS - 7}`).waitFor();
  });
  await step('oldest first', async () => {
    await page.getByLabel('Filter receipts by text').fill('');
    await rowsShown();
    await page.evaluate(() => void (location.hash = '#/receipts?order=oldest-first'));
    await table.getByText('exec-0', { exact: true }).waitFor();
  });
  await context.close();
}

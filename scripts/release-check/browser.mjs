import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';
import { runnerImport } from 'vite';

const FILES = {
  'index.html': '<!doctype html><title>fresh</title><script type="module" src="/main.js"></script>',
  // The application owns the worker file, so it works in every bundler without configuration.
  'worker.js': "import { startWorker } from '@ggen-sim/core/worker';\nstartWorker();\n",
  'main.js': `import { openPersistence } from '@ggen-sim/core';
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
const scratch = await openDatabase(memoryStorage());
scratch.database.run('CREATE TABLE t(x)');
scratch.close();
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const db = await openPersistence({ storage: 'indexeddb', name: 'fresh', worker });
await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
document.title = String((await db.stats()).receiptsTotal);
`,
  'vite.config.js': `export default {
  worker: { format: 'es' },
  build: { target: 'esnext' },
  optimizeDeps: {
    exclude: ['@ggen-sim/core', '@ggen-sim/sqljs-vfs'],
    include: ['@ggen-sim/core > @ggen-sim/sqljs-vfs > sql.js'],
  },
};
`,
};

/** Opens the page twice and returns the number of receipts that each visit counted. */
async function countsAt(url) {
  // Node 20 cannot import TypeScript.
  const { module } = await runnerImport('./tests/support/chromium-launch.ts');
  const browser = await chromium.launch(module.chromiumLaunch);
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(String(error)));
    const counts = [];
    for (let visit = 0; visit < 2; visit++) {
      await page.goto(url);
      await page.waitForFunction(() => /^\d+$/.test(document.title), undefined, { timeout: 60_000 });
      counts.push(await page.title());
    }
    return counts;
  } finally {
    await browser.close();
  }
}

/** Serves a page from the production build and from Vite's development server. Each must keep what it saved. */
export async function tryInBrowser(project) {
  for (const [file, text] of Object.entries(FILES)) writeFileSync(path.join(project, file), text);
  const vite = await import(path.join(project, 'node_modules/vite/dist/node/index.js'));
  const common = { root: project, logLevel: 'warn' };
  await vite.build(common);
  const starts = {
    'production build': () => vite.preview({ ...common, preview: { port: 0 } }),
    'development server': async () => (await vite.createServer({ ...common, server: { port: 0 } })).listen(),
  };
  for (const [name, start] of Object.entries(starts)) {
    const server = await start();
    const counts = await countsAt(server.resolvedUrls.local[0]);
    await server.close();
    if (counts.join() !== '1,2')
      throw new Error(`${name}: counted ${counts.join(', ')} receipts, not 1 and 2`);
  }
}

// What a user does: a new Vite project, the packed tarballs, one page that saves a receipt. Opened in a real browser,
// from the production build and from the dev server, it must keep the receipt over a reload.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-fresh-'));
const project = path.join(folder, 'project');
const run = (command, argumentList, cwd) =>
  execFileSync(command, argumentList, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });

function packed(name) {
  const destination = path.join(folder, name);
  run('pnpm', ['--dir', `packages/${name}`, 'pack', '--pack-destination', destination], process.cwd());
  return `file:${path.join(destination, readdirSync(destination)[0])}`;
}

function writeProject() {
  const core = packed('core');
  const vfs = packed('sqljs-vfs');
  mkdirSync(project);
  const write = (file, text) => writeFileSync(path.join(project, file), text);
  write(
    'package.json',
    JSON.stringify({
      name: 'fresh',
      private: true,
      type: 'module',
      dependencies: { '@ggen-sim/core': core },
      devDependencies: { vite: '8.3.8' },
    }),
  );
  write(
    'pnpm-workspace.yaml',
    `packages: ['.']\noverrides:\n  '@ggen-sim/sqljs-vfs': '${vfs}'\nallowBuilds:\n  esbuild: false\n`,
  );
  write('index.html', '<!doctype html><title>fresh</title><script type="module" src="/main.js"></script>');
  // The application owns the worker file: it works in every bundler without configuration.
  write('worker.js', "import { startWorker } from '@ggen-sim/core/worker';\nstartWorker();\n");
  write(
    'main.js',
    `import { openPersistence } from '@ggen-sim/core';
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const db = await openPersistence({ storage: 'indexeddb', name: 'fresh', worker });
await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
document.title = String((await db.stats()).receiptsTotal);
`,
  );
  write(
    'vite.config.js',
    "export default { worker: { format: 'es' }, build: { target: 'esnext' }, optimizeDeps: { exclude: ['@ggen-sim/core', '@ggen-sim/sqljs-vfs'], include: ['@ggen-sim/core > @ggen-sim/sqljs-vfs > sql.js'] } };\n",
  );
  run('pnpm', ['install'], project);
}

/** Opens the page twice and returns what it counted each time. */
async function countsAt(url) {
  const executablePath = existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined;
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
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

try {
  writeProject();
  const { build, createServer, preview } = await import(
    path.join(project, 'node_modules/vite/dist/node/index.js')
  );
  await build({ root: project, logLevel: 'warn' });
  const servers = {
    'production build': await preview({ root: project, logLevel: 'warn', preview: { port: 0 } }),
    'dev server': await (
      await createServer({ root: project, logLevel: 'warn', server: { port: 0 } })
    ).listen(),
  };
  for (const [name, server] of Object.entries(servers)) {
    const counts = await countsAt(server.resolvedUrls.local[0]);
    await server.close();
    if (counts.join() !== '1,2')
      throw new Error(`${name}: counted ${counts.join(', ')} receipts, not 1 and 2`);
    console.log(`fresh Vite project, ${name}: a receipt was saved and kept`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

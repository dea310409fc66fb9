import { strict as assert } from 'node:assert';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { serveFolder, TRIED, tryPage } from '../page/try-page.mjs';

export default {
  area: 'Bundlers',
  quick: true,
  sources: ['page'],
  rows: [
    {
      what: 'esbuild',
      version: 'esbuild',
      tried: TRIED,
      async try({ project, run, check }) {
        const options = ['--bundle', '--format=esm', '--outdir=dist'];
        await run('npx', ['esbuild', 'main.js', 'worker.js', ...options], { cwd: project });
        copyFileSync(path.join(project, 'index.html'), path.join(project, 'dist/index.html'));
        const server = await serveFolder(path.join(project, 'dist'));
        await tryPage(server.url, check);
        await server.close();
      },
    },
    {
      what: 'esbuild, for Node',
      version: 'esbuild',
      tried: 'one file, as an ES module and as CommonJS: save, end, and read back',
      async try({ project, run, check }) {
        const formats = { esm: 'server.mjs', cjs: 'server.cjs' };
        let saved = 0;
        for (const [format, outfile] of Object.entries(formats))
          await check(format, async () => {
            const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=out/${outfile}`];
            await run('npx', ['esbuild', 'server.js', ...options], { cwd: project });
            for (let visit = 0; visit < 2; visit++) {
              saved += 1;
              const printed = await run('node', [`out/${outfile}`], { cwd: project });
              assert.equal(printed.trim(), `counted ${saved}`);
            }
          });
      },
    },
  ],
};

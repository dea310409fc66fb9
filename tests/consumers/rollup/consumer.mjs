import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { serveFolder, TRIED, tryPage } from '../page/try-page.mjs';

export default {
  area: 'Bundlers',
  sources: ['page'],
  rows: [
    {
      // Without this plugin, Rollup finds no package at all.
      what: 'Rollup with its node-resolve plugin for browsers',
      version: 'rollup',
      tried: TRIED,
      async try({ project, run, check }) {
        const options = ['-d', 'dist', '-f', 'es', '-p', 'node-resolve={browser:true}'];
        await run('npx', ['rollup', '-i', 'main.js', '-i', 'worker.js', ...options], { cwd: project });
        copyFileSync(path.join(project, 'index.html'), path.join(project, 'dist/index.html'));
        const server = await serveFolder(path.join(project, 'dist'));
        await tryPage(server.url, check);
        await server.close();
      },
    },
  ],
};

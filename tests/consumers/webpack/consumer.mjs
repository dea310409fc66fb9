import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { serveFolder, TRIED, tryPage } from '../page/try-page.mjs';

export default {
  area: 'Bundlers',
  quick: true,
  sources: ['page'],
  rows: [
    {
      what: 'webpack',
      version: 'webpack',
      tried: TRIED,
      async try({ project, run, check }) {
        await run('npx', ['webpack', '--mode', 'production', '--entry', './main.js'], { cwd: project });
        copyFileSync(path.join(project, 'index.html'), path.join(project, 'dist/index.html'));
        const server = await serveFolder(path.join(project, 'dist'));
        await tryPage(server.url, check);
        await server.close();
      },
    },
  ],
};

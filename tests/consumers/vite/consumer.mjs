import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { serveFolder, TRIED, tryPage } from '../page/try-page.mjs';

export default {
  area: 'Bundlers',
  quick: true,
  sources: ['page'],
  rows: [
    {
      what: 'Vite, build',
      version: 'vite',
      tried: TRIED,
      async try({ project, run, check }) {
        await run('npx', ['vite', 'build'], { cwd: project });
        const server = await serveFolder(path.join(project, 'dist'));
        await tryPage(server.url, check);
        await server.close();
      },
    },
    {
      what: 'Vite, development server',
      version: 'vite',
      tried: TRIED,
      async try({ project, check }) {
        const vite = await import(pathToFileURL(path.join(project, 'node_modules/vite/dist/node/index.js')));
        const server = await vite.createServer({ root: project, logLevel: 'warn', server: { port: 0 } });
        await server.listen();
        await tryPage(server.resolvedUrls.local[0], check);
        await server.close();
      },
    },
  ],
};

import path from 'node:path';
import { serveFolder, TRIED, tryPage } from '../page/try-page.mjs';

export default {
  area: 'Bundlers',
  sources: ['page'],
  rows: [
    {
      what: 'Parcel',
      version: 'parcel',
      tried: TRIED,
      async try({ project, run, check }) {
        await run('npx', ['parcel', 'build', 'index.html', '--public-url', './', '--dist-dir', 'dist'], {
          cwd: project,
        });
        const server = await serveFolder(path.join(project, 'dist'));
        await tryPage(server.url, check);
        await server.close();
      },
    },
  ],
};

import { rmSync } from 'node:fs';
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
        for (const folder of ['dist', '.parcel-cache'])
          rmSync(path.join(project, folder), { recursive: true, force: true });
        await run('npx', ['parcel', 'build', 'index.html', '--public-url', './', '--dist-dir', 'dist'], {
          cwd: project,
        });
        const server = await serveFolder(path.join(project, 'dist'));
        try {
          await tryPage(server.url, check);
        } finally {
          await server.close();
        }
      },
    },
  ],
};

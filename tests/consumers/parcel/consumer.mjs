import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { serveFolder, TRIED, tryPage } from '../page/try-page.mjs';

/** Parcel's setting for packages that name their entries in `exports`, which it ignores without. */
const SETTING = { '@parcel/resolver-default': { packageExports: true } };

async function tryParcel({ project, run, check }) {
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
}

export default {
  area: 'Bundlers',
  sources: ['page'],
  rows: [
    { what: 'Parcel', version: 'parcel', tried: TRIED, try: tryParcel },
    {
      what: 'Parcel with its setting `packageExports`',
      version: 'parcel',
      tried: TRIED,
      async try(context) {
        const file = path.join(context.project, 'package.json');
        const manifest = JSON.parse(readFileSync(file, 'utf8'));
        writeFileSync(file, JSON.stringify({ ...manifest, ...SETTING }));
        await tryParcel(context);
      },
    },
  ],
};

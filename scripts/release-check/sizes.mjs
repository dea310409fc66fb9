import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { launchChromium, serveFolder, titleAfterVisit } from '../../tests/consumers/page/try-page.mjs';
import { installConsumer, installProject, run } from '../compat/consumers.mjs';

const KIB = 1024;

/**
 * Bounds in KiB, about a tenth above what was measured when they were set. Raise one only on purpose, and say why in the
 * commit.
 */
const INSTALLED_KIB = {
  '@ggen-sim/sqljs-vfs': 6_200,
  '@ggen-sim/core': 12_000,
  '@ggen-sim/agents': 35_000,
  '@ggen-sim/mcp': 31_000,
  '@ggen-sim/graphql': 17_000,
  '@ggen-sim/serve': 14_500,
  '@ggen-sim/hooks': 16_500,
  '@ggen-sim/sync': 13_600,
  '@ggen-sim/playwright': 12_300,
  'ggen-sim': 13_800,
};
const FIRST_VIEW_KIB = 830;

/** Bytes of all files in a folder. */
const sizeOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

/** Bytes that `npm install` of one package brings, with its dependencies. */
async function installedBytes(name, tarballs, folder) {
  const project = path.join(folder, `size-of-${path.basename(name)}`);
  mkdirSync(project);
  const manifest = { name: 'size', private: true, dependencies: { [name]: '*' } };
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest));
  await installProject(project, tarballs);
  const bytes = sizeOf(path.join(project, 'node_modules'));
  rmSync(project, { recursive: true });
  return bytes;
}

/** Bytes, compressed by gzip, that a page built by Vite loads until its first receipt is saved in IndexedDB. */
async function firstViewBytes(tarballs, folder) {
  const project = await installConsumer({ name: 'vite', sources: ['page'] }, tarballs, folder);
  await run('npx', ['vite', 'build'], { cwd: project });
  const server = await serveFolder(path.join(project, 'dist'));
  const browser = await launchChromium();
  try {
    const title = await titleAfterVisit(
      await browser.newPage(),
      `${server.url}?storage=indexeddb&worker=default`,
    );
    if (title !== 'counted 1') throw new Error(`the page was not saved: ${title}`);
    return [...server.served].reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  } finally {
    await browser.close();
    await server.close();
    rmSync(project, { recursive: true });
  }
}

/** Prints the sizes of the packages. @throws Error when one is above its bound */
export async function checkSizes(tarballs, folder) {
  const sizes = [];
  for (const [name, boundKib] of Object.entries(INSTALLED_KIB))
    sizes.push({
      what: `${name} installed`,
      bytes: await installedBytes(name, tarballs, folder),
      boundKib,
    });
  sizes.push({
    what: 'first view of a page with @ggen-sim/core, gzip',
    bytes: await firstViewBytes(tarballs, folder),
    boundKib: FIRST_VIEW_KIB,
  });
  for (const { what, bytes, boundKib } of sizes)
    console.log(`${(bytes / KIB).toFixed(0).padStart(6)} KiB of ${boundKib}: ${what}`);
  const above = sizes.filter(({ bytes, boundKib }) => bytes > boundKib * KIB);
  if (above.length > 0) throw new Error(`too large: ${above.map(({ what }) => what).join(', ')}`);
}

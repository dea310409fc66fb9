import { existsSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { launchChromium, serveFolder, titleAfterVisit } from '../../tests/consumers/page/try-page.mjs';
import { installConsumer, run } from '../compat/consumers.mjs';

const KIB = 1024;

/**
 * Bounds in KiB, about a tenth above what was measured when they were set. Raise one only on purpose, and say why in the
 * commit.
 */
const INSTALLED_KIB = {
  '@ggen-sim/sqljs-vfs': 6_200,
  '@ggen-sim/core': 12_900,
  '@ggen-sim/agents': 36_500,
  '@ggen-sim/mcp': 31_000,
  '@ggen-sim/graphql': 17_000,
  '@ggen-sim/serve': 15_000,
  '@ggen-sim/hooks': 17_100,
  '@ggen-sim/sync': 13_600,
  '@ggen-sim/playwright': 12_900,
  'ggen-sim': 14_700,
};
const FIRST_VIEW_KIB = 830;

/** Bytes of the files of one installed package. */
const sizeOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

/** Folder of a package as Node finds it from another one's; none for an optional one that this system does not have. */
function installedFolder(name, from) {
  for (let folder = from; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name);
    if (existsSync(found)) return realpathSync(found);
  }
  return undefined;
}

/** Bytes of an installed package and of everything that it depends on. */
function installedBytes(name, project) {
  const folders = new Set([installedFolder(name, project)]);
  for (const folder of folders) {
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const { dependencies = {}, optionalDependencies = {} } = manifest;
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = installedFolder(dependency, folder);
      if (found !== undefined) folders.add(found);
      else if (!(dependency in optionalDependencies)) throw new Error(`${dependency} is not installed`);
    }
  }
  return [...folders].reduce((sum, folder) => sum + sizeOf(folder), 0);
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

/**
 * Prints the sizes of the packages.
 * @param project - folder in which all of them are installed
 * @throws Error when one is above its bound
 */
export async function checkSizes(tarballs, project, folder) {
  const sizes = Object.entries(INSTALLED_KIB).map(([name, boundKib]) => ({
    what: `${name} installed`,
    bytes: installedBytes(name, project),
    boundKib,
  }));
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

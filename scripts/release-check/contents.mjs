import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from './tarballs.mjs';

const DOCUMENTS = new Set(['package.json', 'README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE']);
/** Licences of code of others that a package contains. */
const LICENCE = /(^|\/)[\w.-]+-LICENSE\.txt$/;
/** A message of sql.js, which stays as it is when its code is minified, bundled or made a string. */
const SQLJS_MESSAGE = 'Statement closed';
/** Files that pages import by their address, from a copy of the folder or a CDN. */
const STANDALONE = ['dist/standalone/index.js', 'dist/standalone/worker.js'];
/** The page of `ggen-sim studio`, which its server reads by the folder, and the headers of its files. */
const PAGE = ['dist/page/index.html', 'dist/page/_headers'];
const REQUIRED_FIELDS = ['description', 'keywords', 'homepage', 'bugs', 'license', 'repository', 'engines'];

/** Every file name in an `exports` or `bin` value. */
const targetsOf = (value) =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap((inner) => targetsOf(inner));

/** Relative file names that the code mentions: imports, re-exports, `new URL('./…', import.meta.url)`. */
function mentionedFiles(file, text) {
  const names = [...text.matchAll(/(['"`])(\.\.?\/[^"'`\s]+)\1/g)].map((match) => match[2]);
  return names.map((name) => {
    const target = path.join(path.dirname(file), name);
    return file.endsWith('.d.ts') ? target.replace(/(?<!\.d)\.[jt]s$/, '.d.ts') : target;
  });
}

/** Files that an importer of the package can reach from its entries. */
function reachableFiles(contents, entries) {
  const reached = new Set();
  const waiting = entries.map((entry) => path.normalize(entry));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file) || !existsSync(path.join(contents, file))) continue;
    reached.add(file);
    waiting.push(...mentionedFiles(file, readFileSync(path.join(contents, file), 'utf8')));
  }
  return reached;
}

const hasSqlJs = (file) =>
  file.endsWith('.wasm') || (/\.[cm]?js$/.test(file) && readFileSync(file, 'utf8').includes(SQLJS_MESSAGE));

/** Whether sql.js's licence is packed in the folder of a file, or in one above. */
function hasSqlJsLicence(contents, packed) {
  const folder = path.dirname(packed);
  if (existsSync(path.join(contents, folder, 'sql.js-LICENSE.txt'))) return true;
  return folder !== '.' && hasSqlJsLicence(contents, folder);
}

/** Throws unless the tarball has all that its entries name, and sql.js's licence where its code is, and no file out of reach. */
export function checkContents({ name, file, contents, manifest, workspaceManifest }) {
  const faults = REQUIRED_FIELDS.filter((field) => !manifest[field]).map((field) => `no ${field}`);

  const inWorkspace = Object.keys(workspaceManifest.exports ?? {}).toSorted();
  const published = Object.keys(manifest.exports ?? {}).toSorted();
  if (inWorkspace.join() !== published.join())
    faults.push(`exports differ: ${inWorkspace.join(' ')} in the tree, ${published.join(' ')} published`);

  const entries = targetsOf([manifest.exports, manifest.bin, manifest.browser]);
  for (const entry of entries)
    if (!existsSync(path.join(contents, entry))) faults.push(`${entry} is named but not packed`);

  const reachable = reachableFiles(contents, [...entries, ...STANDALONE, ...PAGE]);
  for (const found of readdirSync(contents, { recursive: true, withFileTypes: true })) {
    const packed = path.relative(contents, path.join(found.parentPath, found.name));
    // tsdown writes a declaration file for every source file, also for those whose types no entry mentions.
    const isAllowed = packed.endsWith('.d.ts') || DOCUMENTS.has(packed) || LICENCE.test(packed);
    if (found.isFile() && !isAllowed && !reachable.has(packed))
      faults.push(`${packed} is packed, and no entry leads to it`);
    if (found.isFile() && hasSqlJs(path.join(contents, packed)) && !hasSqlJsLicence(contents, packed))
      faults.push(`${packed} contains sql.js, and its licence is not packed beside it`);
  }
  if (faults.length > 0) throw new Error(`${name}:\n  ${faults.join('\n  ')}`);

  run('pnpm', ['exec', 'publint', 'run', file, '--strict']);
  // The command line has nothing to import.
  if (manifest.exports) run('pnpm', ['exec', 'attw', file, '--profile', 'esm-only', '--quiet']);
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type UserConfig } from 'tsdown';
import { bundledLicences } from './scripts/build/bundled-licences.ts';
import { commanderWithoutProcesses } from './scripts/build/commander-without-processes.ts';
import { inlineWorker } from './scripts/build/inline-worker.ts';
import { oxigraphAssets } from './scripts/build/oxigraph-assets.ts';
import { pageFiles } from './scripts/build/page-files.ts';
import { sqlJsAssets } from './scripts/build/sqljs-assets.ts';
import { standalone } from './scripts/build/standalone.ts';
import { workerFiles } from './scripts/build/worker-files.ts';

type Platform = 'node' | 'browser';

const folder = (name: string): string => path.join(import.meta.dirname, 'packages', name);
const typesOf = (platform: 'node' | 'web'): string =>
  path.join(import.meta.dirname, `tsconfig.${platform}.json`);

/** The source files that a package exports on one platform, by the name of their output file. */
function entriesOf(packageName: string, platform: Platform): Record<string, string> {
  const manifest = JSON.parse(readFileSync(path.join(folder(packageName), 'package.json'), 'utf8')) as {
    exports: Record<string, string | { browser: string; default: string }>;
  };
  const otherPlatform = platform === 'node' ? '.browser.ts' : '.node.ts';
  return Object.fromEntries(
    Object.entries(manifest.exports)
      .map(([subpath, target]): [string, string] => {
        const name = subpath === '.' ? 'index' : subpath.slice('./'.length);
        const source =
          typeof target === 'string' ? target : target[platform === 'node' ? 'default' : 'browser'];
        return [name, source];
      })
      .filter(([, source]) => !source.endsWith(otherPlatform)),
  );
}

const library: UserConfig = { format: 'esm', fixedExtension: false, dts: true, tsconfig: typesOf('node') };
const forNode: UserConfig = { ...library, platform: 'node', target: 'node20.19', clean: true };
/** The second build of a package, for browsers: `#…` imports resolve to `*.browser.ts` files. */
const forBrowsers: UserConfig = {
  ...library,
  platform: 'browser',
  target: 'es2023',
  outDir: 'dist/browser',
  tsconfig: typesOf('web'),
  clean: false,
};

/** sql.js's code is published within ours; its types come from `@types/sql.js`. */
const sqljsVfs: UserConfig = {
  cwd: folder('sqljs-vfs'),
  plugins: [sqlJsAssets()],
  deps: { neverBundle: ['sql.js'], alwaysBundle: ['sql.js/dist/sql-wasm-browser.js'], onlyBundle: false },
};
const core: UserConfig = {
  cwd: folder('core'),
  // One output file per source file: the worker keeps its place, and CSV code is loaded on first use.
  unbundle: true,
  plugins: [workerFiles(/(['"])(\.\.?\/[\w./-]*\bworker\.\w+)\.ts\1/g, 'js'), inlineWorker()],
};

/** Its main file is UMD, which a bundler cannot follow, and Node finds no names in it. */
const jsoncParser = {
  'jsonc-parser': path.join(folder('hooks'), 'node_modules/jsonc-parser/lib/esm/main.js'),
};

/** Builds of all packages. A package's `build` script selects its own with `--filter`. */
const builds: UserConfig[] = defineConfig([
  {
    ...forNode,
    ...sqljsVfs,
    entry: entriesOf('sqljs-vfs', 'node'),
  },
  {
    ...forBrowsers,
    ...sqljsVfs,
    entry: entriesOf('sqljs-vfs', 'browser'),
  },
  {
    ...forNode,
    ...core,
    entry: [
      ...Object.values(entriesOf('core', 'node')),
      'src/host/worker.node.ts',
      'src/imports/reader-worker.node.ts',
      'src/maintenance/check-worker.node.ts',
    ],
  },
  {
    ...forBrowsers,
    ...core,
    entry: [...Object.values(entriesOf('core', 'browser')), 'src/host/worker.browser.ts'],
  },
  ...standalone,
  {
    ...library,
    cwd: folder('agents'),
    entry: {
      index: 'src/index.ts',
      registry: 'src/agents.ts',
      client: 'src/worker/client.ts',
      worker: 'src/worker/host.ts',
    },
    platform: 'neutral',
    target: 'es2023',
  },
  {
    ...library,
    cwd: folder('graphql'),
    entry: entriesOf('graphql', 'node'),
    platform: 'neutral',
    target: 'es2023',
  },
  { ...forNode, cwd: folder('serve'), entry: entriesOf('serve', 'node') },
  { ...forNode, cwd: folder('sync'), entry: entriesOf('sync', 'node') },
  { ...forBrowsers, cwd: folder('sync'), entry: entriesOf('sync', 'browser') },
  { ...forNode, cwd: folder('playwright'), entry: entriesOf('playwright', 'node') },
  {
    ...forNode,
    cwd: folder('mcp'),
    entry: entriesOf('mcp', 'node'),
  },
  {
    ...forNode,
    cwd: folder('hooks'),
    entry: entriesOf('hooks', 'node'),
    alias: jsoncParser,
    deps: { alwaysBundle: ['jsonc-parser'], onlyBundle: false },
    plugins: [bundledLicences()],
  },
  {
    cwd: folder('cli'),
    alias: jsoncParser,
    entry: {
      main: 'src/main.ts',
      'agents.worker': 'src/agents.worker.ts',
      'check-worker.node': '../core/src/maintenance/check-worker.node.ts',
      'reader-worker.node': '../core/src/imports/reader-worker.node.ts',
    },
    plugins: [
      workerFiles(/(['"])(\.\/(?:agents\.worker|(?:check|reader)-worker\.node))\.ts\1/g, 'mjs'),
      sqlJsAssets({ hasInline: false }),
      oxigraphAssets(),
      commanderWithoutProcesses(),
      bundledLicences(),
      pageFiles(),
    ],
    format: 'esm',
    tsconfig: typesOf('node'),
    platform: 'node',
    target: 'node20.19',
    fixedExtension: true,
    dts: false,
    clean: true,
    deps: {
      // The locks are native code.
      neverBundle: ['fs-native-extensions'],
      alwaysBundle: /.*/u,
      onlyBundle: false,
    },
    loader: { '.sh': 'text' },
    // Help and completion need the names in core's api folder, which must not bring the database code with them.
    outputOptions: { codeSplitting: { groups: [{ name: 'api', test: /core\/src\/api\// }] } },
  },
  {
    name: 'ggen-sim-start',
    cwd: folder('cli'),
    entry: { 'ggen-sim': 'src/start.ts' },
    format: 'cjs',
    tsconfig: typesOf('node'),
    platform: 'node',
    target: 'node20.19',
    fixedExtension: true,
    dts: false,
    clean: false,
    deps: { neverBundle: ['./main.mjs'], alwaysBundle: /.*/u, onlyBundle: false },
    // Otherwise the bundler's own few lines would bring the recorder of hooks with them.
    outputOptions: { codeSplitting: { groups: [{ name: 'runtime', test: /rolldown.runtime/ }] } },
  },
  {
    name: 'crash-tests',
    cwd: path.join(import.meta.dirname, 'tests'),
    entry: { main: 'crash/campaign/main.ts' },
    format: 'esm',
    tsconfig: typesOf('node'),
    platform: 'node',
    target: 'node20.19',
    fixedExtension: false,
    dts: false,
    clean: true,
    deps: {
      // The locks are native code.
      neverBundle: ['fs-native-extensions'],
      alwaysBundle: /.*/u,
      onlyBundle: false,
    },
  },
]);

export default builds;

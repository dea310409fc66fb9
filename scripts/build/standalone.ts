import type { UserConfig } from 'tsdown';
import { bundledLicences } from './bundled-licences.ts';
import { selfContained } from './one-module.ts';
import { sqlJsAssets } from './sqljs-assets.ts';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

/**
 * Text of the module that starts the worker where a page may not start the file itself, because it comes from another
 * origin. Such a file may still be imported.
 */
const IMPORTING_WORKER = "`import ${JSON.stringify(new URL('./worker.js', import.meta.url).href)};`";

/** Names the worker's file as it is called in this folder. */
function ownWorker(): Plugin {
  return {
    name: 'standalone-worker',
    load: (id: string) =>
      id.endsWith('/client/inline-worker.browser.ts')
        ? `export const INLINE_WORKER: string | undefined = ${IMPORTING_WORKER};`
        : undefined,
    transform: (code: string) => code.replaceAll(/(['"])\.\.\/host\/worker\.browser\.ts\1/g, "'./worker.js'"),
  };
}

/** Takes the whole engine from `index.js`, which the page has loaded before. */
function engineInIndex(): Plugin {
  return {
    name: 'standalone-engine',
    resolveId: (id: string) =>
      id === './start-worker.browser.ts' ? { id: './index.js', external: true } : undefined,
  };
}

/** Builds a file of a worker that shares no module. */
function withOwnCopy(name: string): UserConfig {
  return {
    ...selfContained,
    outDir: 'dist/standalone',
    entry: { [`whole-${name}`]: `src/host/${name}.browser.ts` },
    plugins: [sqlJsAssets({ hasInline: false })],
    outputOptions: { codeSplitting: false },
  };
}

/**
 * Builds of the folder that needs no bundler: `index.js`, `worker.js` and sql.js's binary. All code is in one file,
 * because a service worker may not import any later. The other two are for Parcel, which reads the `browser` field of
 * package.json in place of `exports`: version 2.16 leaves out modules that two workers share, so each has its own copy of all.
 */
export const standalone: readonly UserConfig[] = [
  {
    ...selfContained,
    outDir: 'dist/standalone',
    entry: { index: 'src/standalone.browser.ts' },
    plugins: [ownWorker(), sqlJsAssets({ hasInline: false }), bundledLicences()],
    outputOptions: { codeSplitting: false },
  },
  {
    ...selfContained,
    outDir: 'dist/standalone',
    entry: { worker: 'src/host/worker.browser.ts' },
    plugins: [engineInIndex()],
  },
  withOwnCopy('worker'),
  withOwnCopy('start-worker'),
];

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, type InlineConfig, type UserConfig } from 'tsdown';
import { sqlJsAssets } from './sqljs-assets.ts';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

const CORE = path.resolve(import.meta.dirname, '../../packages/core');

/** Options of modules that need no other: every package within, small, and for browsers. */
export const selfContained: InlineConfig = {
  config: false,
  cwd: CORE,
  logLevel: 'warn',
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  tsconfig: path.resolve(import.meta.dirname, '../../tsconfig.web.json'),
  fixedExtension: false,
  clean: false,
  dts: false,
  minify: true,
  deps: { alwaysBundle: /.*/u, onlyBundle: false },
};

/** Builds the worker as one module. @returns its text */
async function workerText(): Promise<string> {
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-worker-'));
  try {
    await build({
      ...selfContained,
      entry: { worker: 'src/host/worker.browser.ts' },
      outDir,
      plugins: [sqlJsAssets()],
      outputOptions: { codeSplitting: false },
    });
    const modules = readdirSync(outDir).filter((file) => file.endsWith('.js'));
    if (modules.join() !== 'worker.js')
      throw new Error(`the worker has several modules: ${modules.join(', ')}`);
    return readFileSync(path.join(outDir, 'worker.js'), 'utf8');
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** Puts the text of the whole worker into the module that has it for pages which cannot load the worker's file. */
export function inlineWorker(): Plugin {
  let text: Promise<string> | undefined;
  return {
    name: 'inline-worker',
    async load(id: string) {
      if (!id.endsWith('/client/inline-worker.browser.ts')) return undefined;
      text ??= workerText();
      return `export const INLINE_WORKER: string | undefined = ${JSON.stringify(await text)};`;
    },
  };
}

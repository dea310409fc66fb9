import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, type UserConfig } from 'tsdown';
import { bundledLicences } from './bundled-licences.ts';
import { sqlJsAssets } from './sqljs-assets.ts';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

const CORE = path.resolve(import.meta.dirname, '../../packages/core');

/** Options of modules that need no other: every package within, small, and for browsers. */
export const selfContained: UserConfig = {
  cwd: CORE,
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

interface BuiltWorker {
  readonly text: string;
  /** Texts of the licences of the packages within, by file name. */
  readonly licences: ReadonlyMap<string, string>;
}

/** Builds the worker as one module. */
async function buildWorker(): Promise<BuiltWorker> {
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-worker-'));
  try {
    await build({
      ...selfContained,
      config: false,
      logLevel: 'warn',
      entry: { worker: 'src/host/worker.browser.ts' },
      outDir,
      plugins: [sqlJsAssets(), bundledLicences()],
      outputOptions: { codeSplitting: false },
    });
    const modules = readdirSync(outDir).filter((file) => file.endsWith('.js'));
    if (modules.join() !== 'worker.js')
      throw new Error(`the worker has several modules: ${modules.join(', ')}`);
    const textOf = (file: string): string => readFileSync(path.join(outDir, file), 'utf8');
    const licences = readdirSync(outDir).filter((file) => file.endsWith('-LICENSE.txt'));
    return {
      text: textOf('worker.js'),
      licences: new Map(licences.map((file) => [file, textOf(file)])),
    };
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/**
 * Puts the text of the whole worker into the module that has it for pages which cannot load the worker's file, and the
 * licences of the packages within beside that module.
 */
export function inlineWorker(): Plugin {
  let built: Promise<BuiltWorker> | undefined;
  return {
    name: 'inline-worker',
    async load(id: string) {
      if (!id.endsWith('/client/inline-worker.browser.ts')) return undefined;
      built ??= buildWorker();
      const { text } = await built;
      return `export const INLINE_WORKER: string | undefined = ${JSON.stringify(text)};`;
    },
    async writeBundle({ dir = '' }: { readonly dir?: string | undefined }, bundle) {
      const module = Object.keys(bundle).find((file) => file.endsWith('/inline-worker.browser.js'));
      if (module === undefined || built === undefined) return;
      const { licences } = await built;
      for (const [file, text] of licences) writeFileSync(path.join(dir, path.dirname(module), file), text);
    },
  };
}

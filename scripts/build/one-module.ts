import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, type UserConfig } from 'tsdown';

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
  // For a global variable of Node, Parcel wants a package that has its like.
  define: { Buffer: 'globalThis.Buffer', process: 'globalThis.process' },
  deps: { alwaysBundle: /.*/u, onlyBundle: false },
};

/** A module with all that it imports, and the other files that its plugins wrote. */
export interface OneModule {
  readonly text: string;
  /** Contents of the other files, by name. */
  readonly assets: ReadonlyMap<string, Buffer>;
}

/**
 * Builds a source file of a worker as one module.
 * @param entry - path of the source file
 */
export async function buildOneModule(
  entry: string,
  options: Pick<UserConfig, 'plugins' | 'minify'>,
): Promise<OneModule> {
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-worker-'));
  try {
    await build({
      ...selfContained,
      ...options,
      config: false,
      logLevel: 'warn',
      entry: { worker: path.resolve(CORE, entry) },
      outDir,
      outputOptions: { codeSplitting: false },
    });
    const assets = new Map(readdirSync(outDir).map((file) => [file, readFileSync(path.join(outDir, file))]));
    const modules = [...assets.keys()].filter((file) => file.endsWith('.js'));
    if (modules.join() !== 'worker.js')
      throw new Error(`the worker has several modules: ${modules.join(', ')}`);
    const text = String(assets.get('worker.js'));
    assets.delete('worker.js');
    return { text, assets };
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

const MODULE = /\/node_modules\/oxigraph\/node\.js$/;

/** How oxigraph's code for Node names its binary. */
const BINARY = '`${__dirname}/node_bg.wasm`';

/**
 * Oxigraph's code for Node as an ES module, with every character of it but the name of its binary: a bundler's wrapper for
 * CommonJS has no folder in which the binary could be.
 */
function esModule(code: string): string {
  if (!code.includes(BINARY)) throw new Error('oxigraph names its binary in another way');
  return `import * as fileSystem from 'node:fs';
const [exports, require] = [{}, () => fileSystem];
${code.replace(BINARY, "new URL('./oxigraph.wasm', import.meta.url)")}
export { Store, fromQuad };
export default undefined;
`;
}

/** Puts oxigraph's binary beside bundled code for Node that has oxigraph in it. */
export function oxigraphAssets(): Plugin {
  return {
    name: 'oxigraph-assets',
    load: (id: string) => (MODULE.test(id) ? esModule(readFileSync(id, 'utf8')) : undefined),
    writeBundle({ dir }: { readonly dir?: string | undefined }, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const id = modules.find((each) => MODULE.test(each));
      if (id === undefined) return;
      if (dir === undefined) throw new Error('a folder is needed for the binary of oxigraph');
      copyFileSync(path.join(path.dirname(id), 'node_bg.wasm'), path.join(dir, 'oxigraph.wasm'));
    },
  };
}

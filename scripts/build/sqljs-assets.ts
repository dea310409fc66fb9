import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

const SQLJS = path.resolve(import.meta.dirname, '../../packages/sqljs-vfs/node_modules/sql.js');

/**
 * SHA-256 of the files of sql.js 1.16.0 that are published within our packages: sqljs-vfs has the code unmodified, core's
 * inline worker minified, and the command line bundled.
 */
const FILES: Readonly<Record<string, string>> = {
  'dist/sql-wasm.wasm': '43bbcdd44287e5a2db3b6b5af34b1a3485a7a441285d247976c1ebe3c61f8dbf',
  'dist/sql-wasm-browser.js': 'eb000b8422ead1cce9b4ef183f6af2e115877e37649a44e38f115561cc3f1a8a',
};

function assertUnmodified(): void {
  for (const [file, expected] of Object.entries(FILES)) {
    const actual = createHash('sha256')
      .update(readFileSync(path.join(SQLJS, file)))
      .digest('hex');
    if (actual !== expected) throw new Error(`${file} of sql.js is not that of 1.16.0: SHA-256 ${actual}`);
  }
}

const inlineWasm = (): string =>
  gzipSync(readFileSync(path.join(SQLJS, 'dist/sql-wasm.wasm')), { level: 9 }).toString('base64');

/**
 * sql.js's code as an ES module, with every character of it. A bundler's wrapper for CommonJS would do as well, but minified
 * by terser that of Rolldown exports nothing.
 */
const esModule = (code: string): string => `const commonJs = { exports: {} };
(function (module, exports, define) {
${code}
})(commonJs, commonJs.exports);
export default commonJs.exports;
`;

/**
 * Puts sql.js's binary and licence beside the built code, and names the binary as bundlers expect it of a published
 * package.
 * @param hasInline - whether the code also has a copy of the binary, for bundles that come without the file
 */
export function sqlJsAssets({ hasInline = true }: { readonly hasInline?: boolean } = {}): Plugin {
  return {
    name: 'sqljs-assets',
    buildStart: assertUnmodified,
    load(id: string) {
      if (/\/sqlite\/wasm-url\.(?:node|browser)\.ts$/.test(id))
        return "export function wasmUrl(): URL { return new URL('./sql-wasm.wasm', import.meta.url); }";
      if (id.endsWith('/sqlite/inline-wasm.ts'))
        return `export const INLINE_WASM: string | undefined = ${hasInline ? JSON.stringify(inlineWasm()) : 'undefined'};`;
      if (id.endsWith('/sql.js/dist/sql-wasm-browser.js')) return esModule(readFileSync(id, 'utf8'));
      return undefined;
    },
    writeBundle({ dir }: { readonly dir?: string | undefined }) {
      if (dir === undefined) throw new Error('a folder is needed for the files of sql.js');
      mkdirSync(dir, { recursive: true });
      copyFileSync(path.join(SQLJS, 'dist/sql-wasm.wasm'), path.join(dir, 'sql-wasm.wasm'));
      copyFileSync(path.join(SQLJS, 'LICENSE'), path.join(dir, 'sql.js-LICENSE.txt'));
    },
  };
}

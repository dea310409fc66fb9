import { defineConfig } from 'tsdown';

/** Once for Node and once for pages: `#…` imports mean another file in each. */
export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      file: 'src/file.node.ts',
      'testing/index': 'src/testing/index.ts',
      'testing/file/index': 'src/testing/file/index.node.ts',
    },
    platform: 'node',
    target: 'node20.19',
    fixedExtension: false,
    dts: true,
    clean: true,
  },
  {
    entry: {
      index: 'src/index.ts',
      indexeddb: 'src/indexeddb.browser.ts',
      opfs: 'src/opfs.browser.ts',
      'testing/index': 'src/testing/index.ts',
    },
    platform: 'browser',
    target: 'es2023',
    outDir: 'dist/browser',
    tsconfig: 'tsconfig.web.json',
    dts: true,
    clean: false,
    // The page's own bundler resolves `sql.js/dist/sql-wasm.wasm?url`.
    deps: { neverBundle: [/^sql\.js/] },
  },
]);

import path from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const folder: string = import.meta.dirname;
const pages: string = path.join(folder, 'bench/trials/browser/page');

// No test uses TLS, and Node 20 would read all these certificates in each of hundreds of child processes (35 ms).
delete process.env['NODE_EXTRA_CA_CERTS'];

/** Builds the benchmarks, one environment for pages and one for Node, and runs the compatibility tests. */
const config: ViteUserConfig = defineConfig({
  root: pages,
  base: './',
  logLevel: 'error',
  worker: { format: 'es' },
  build: { target: 'es2023', emptyOutDir: true, chunkSizeWarningLimit: 10_000 },
  environments: {
    client: {
      build: {
        outDir: path.join(folder, 'dist/pages'),
        rolldownOptions: { input: [path.join(pages, 'index.html'), path.join(pages, 'blank.html')] },
      },
    },
    ssr: {
      build: {
        outDir: path.join(folder, 'dist/node'),
        minify: false,
        rolldownOptions: {
          input: {
            main: path.join(folder, 'bench/main.ts'),
            'trial-process': path.join(folder, 'bench/trials/node/trial-process.ts'),
          },
        },
      },
      resolve: {
        // ggen-sim is bundled, as its command line is. Peers are loaded as npm ships them.
        noExternal: /^@ggen-sim\/|^(canonicalize|comlink|csv-stringify|rfc6902|uuid|@noble)/u,
        external: ['sql.js', 'fs-native-extensions', 'better-sqlite3', 'node-sqlite3-wasm', 'playwright'],
      },
    },
  },
  builder: {},
  test: {
    root: folder,
    include: ['compat/**/*.test.ts'],
    // The machine has few cores, and the race tests need them all.
    fileParallelism: false,
    // A test starts hundreds of processes, one after another, on a machine that may be busy.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});

export default config;

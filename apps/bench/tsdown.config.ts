import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: { main: 'src/main.ts', 'trial-process': 'src/trials/node/trial-process.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: true,
  dts: false,
  clean: true,
  deps: {
    // Ours is bundled, as the command line is; peers are loaded as npm ships them.
    alwaysBundle: /^@ggen-sim\/|^(canonicalize|comlink|csv-stringify|uuid|@noble)/u,
    neverBundle: [
      'sql.js',
      'fs-native-extensions',
      'better-sqlite3',
      'node-sqlite3-wasm',
      'playwright',
      'uplot',
      'vite',
    ],
    onlyBundle: false,
  },
});

export default config;

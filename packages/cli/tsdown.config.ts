import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: { main: 'src/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: true,
  dts: false,
  clean: true,
  // For sql.js, which is CommonJS and reads `__dirname` while it starts.
  shims: true,
  deps: {
    // The locks are native code. sql.js' script is bundled, which spares Node looking through it for exports; its wasm
    // file is found in the package.
    neverBundle: ['fs-native-extensions'],
    alwaysBundle: /.*/u,
    onlyBundle: false,
  },
  loader: { '.sh': 'text' },
});

export default config;

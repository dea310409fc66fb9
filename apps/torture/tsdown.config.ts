import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: { main: 'src/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  dts: false,
  clean: true,
  deps: {
    // sql.js stays outside because its wasm file is found through it; the locks because they are native code.
    neverBundle: ['sql.js', 'fs-native-extensions'],
    alwaysBundle: /.*/u,
    onlyBundle: false,
  },
});

export default config;

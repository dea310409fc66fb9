import { defineConfig } from 'tsdown';

/** One build for every platform: nothing here knows where it runs. Dependencies stay imports. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  dts: true,
  fixedExtension: false,
});

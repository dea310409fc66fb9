import { defineConfig, type UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

/** A worker is started from a file of its own, whose name in the sources ends with `.ts`. */
const workerFiles: Plugin = {
  name: 'worker-files',
  transform: (code: string) => code.replaceAll(/(['"])(\.\.?\/[\w./-]*\bworker\.\w+)\.ts\1/g, '$1$2.js$1'),
};

const common: UserConfig = {
  // A file out for a file in: the worker stays where the sources say, and nobody loads CSV who never writes any.
  unbundle: true,
  fixedExtension: false,
  dts: true,
  plugins: [workerFiles],
};

/** Once for Node and once for pages: `#…` imports mean another file in each. */
const config: UserConfig[] = defineConfig([
  {
    ...common,
    entry: [
      'src/index.ts',
      'src/testing/index.ts',
      'src/host/start-worker.node.ts',
      'src/host/worker.node.ts',
    ],
    platform: 'node',
    target: 'node20.19',
    clean: true,
  },
  {
    ...common,
    entry: [
      'src/index.ts',
      'src/testing/index.ts',
      'src/host/start-worker.browser.ts',
      'src/host/worker.browser.ts',
    ],
    platform: 'browser',
    target: 'es2023',
    outDir: 'dist/browser',
    tsconfig: 'tsconfig.web.json',
    clean: false,
  },
]);

export default config;

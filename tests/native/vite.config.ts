import path from 'node:path';
import { defineConfig, type UserConfig } from 'vite';

const page: string = path.join(import.meta.dirname, 'src/trials/browser/page');

/** The pages that trials run in, built as an application would be. */
const config: UserConfig = defineConfig({
  root: page,
  base: './',
  logLevel: 'error',
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: path.join(import.meta.dirname, 'dist/pages'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 10_000,
    rolldownOptions: { input: [path.join(page, 'index.html'), path.join(page, 'blank.html')] },
  },
});

export default config;

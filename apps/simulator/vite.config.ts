import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig, type UserConfigFnObject } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { contentSecurityPolicy, developmentSecurityPolicy } from './build/content-security-policy.ts';
import { bundledLicences } from '../../scripts/build/bundled-licences.ts';
import { withoutOwnDatabase } from './build/without-own-database.ts';
import { firstViewBudget } from './build/first-view-budget.ts';
import { firstViewChunks } from './build/first-view-chunks.ts';

const page: UserConfig = {
  // A relative base lets the page work in any folder of a static host.
  base: './',
  plugins: [
    react(),
    contentSecurityPolicy({ reachesHubs: true }),
    developmentSecurityPolicy({ reachesHubs: true }),
    VitePWA({
      // src/service-worker.ts registers it: an injected script would be inline.
      injectRegister: false,
      workbox: {
        globPatterns: ['**/*.{html,js,css,wasm,svg,webmanifest}'],
        // Queries in shapes are rare, and their engine has 4 MB: it is kept from its first use on.
        globIgnores: ['**/web_bg-*.wasm'],
        runtimeCaching: [{ urlPattern: /\/web_bg-[\w-]+\.wasm$/, handler: 'CacheFirst' }],
        // The worker controls the page from the first visit, so files loaded later (editor, chart, agents) work offline.
        clientsClaim: true,
      },
      manifest: {
        name: 'ggen simulator',
        short_name: 'ggen-sim',
        description: 'Receipts, memory and audit trail of simulator agents, stored in this browser.',
        display: 'standalone',
        background_color: '#f5f7f8',
        theme_color: '#0b6670',
        icons: [{ src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' }],
      },
    }),
    firstViewChunks(),
    firstViewBudget({
      maxBytes: 600_000,
      alsoFetched: [
        /\/page-.*\.js$/,
        /\/panes-.*\.js$/,
        /worker\.browser-.*\.js$/,
        /sql-wasm-.*\.(js|wasm)$/,
      ],
    }),
  ],
  worker: { format: 'es' },
  optimizeDeps: {
    // It fetches its binary from beside its code.
    exclude: ['oxigraph'],
    include: [
      '@ggen-sim/core > comlink',
      '@ggen-sim/core > @ggen-sim/sqljs-vfs > sql.js/dist/sql-wasm-browser.js',
      '@ggen-sim/core > @ggen-sim/sqljs-vfs > idb-keyval',
    ],
  },
  build: { target: 'es2023', modulePreload: { polyfill: false } },
};

const studio: UserConfig = {
  base: './',
  plugins: [
    react(),
    contentSecurityPolicy({ reachesHubs: false }),
    developmentSecurityPolicy({ reachesHubs: false }),
    firstViewChunks(),
    withoutOwnDatabase(),
    bundledLicences(),
  ],
  worker: { format: 'es' },
  build: { target: 'es2023', modulePreload: { polyfill: false }, outDir: 'dist-studio' },
};

/** `--mode studio` builds the page that `ggen-sim studio` serves, which has no database of its own. */
const config: UserConfigFnObject = defineConfig(({ mode }) => (mode === 'studio' ? studio : page));

export default config;

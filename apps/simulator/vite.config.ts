import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { contentSecurityPolicy, developmentSecurityPolicy } from './build/content-security-policy.ts';
import { firstViewBudget } from './build/first-view-budget.ts';

const config: UserConfig = defineConfig({
  // Relative, so that the page works in any folder of a static host.
  base: './',
  plugins: [
    react(),
    contentSecurityPolicy(),
    developmentSecurityPolicy(),
    VitePWA({
      // The page registers it by itself: an injected script would be inline.
      injectRegister: false,
      workbox: {
        globPatterns: ['**/*.{html,js,css,wasm,svg,webmanifest}'],
        // So that what the first visit loads later (editor, chart, agents) is there offline as well.
        clientsClaim: true,
      },
      manifest: {
        name: 'ggen simulator',
        short_name: 'ggen-sim',
        description: 'Receipts, memory and audit trail of simulator agents, kept in this browser.',
        display: 'standalone',
        background_color: '#f5f7f8',
        theme_color: '#0b6670',
        icons: [{ src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' }],
      },
    }),
    firstViewBudget({
      maxBytes: 600_000,
      alsoFetched: [/worker\.browser-.*\.js$/, /sql-wasm-.*\.(js|wasm)$/],
    }),
  ],
  worker: { format: 'es' },
  optimizeDeps: {
    include: [
      '@ggen-sim/core > comlink',
      '@ggen-sim/core > @ggen-sim/sqljs-vfs > sql.js',
      '@ggen-sim/core > @ggen-sim/sqljs-vfs > idb-keyval',
    ],
  },
  build: { target: 'es2023', modulePreload: { polyfill: false } },
});

export default config;

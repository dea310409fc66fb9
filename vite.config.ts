import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

/** Debian's Chromium where it is installed; elsewhere Playwright's own. */
const systemChromium = '/usr/bin/chromium';
const chromium = {
  ...(existsSync(systemChromium) ? { executablePath: systemChromium } : {}),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

const timeouts = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...timeouts,
          name: 'node',
          include: ['packages/*/test/**/*.test.ts', 'packages/*/src/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.browser.test.ts'],
        },
      },
      {
        optimizeDeps: {
          include: [
            '@ggen-sim/sqljs-vfs > sql.js',
            '@ggen-sim/sqljs-vfs > idb-keyval',
            '@ggen-sim/core > canonicalize',
            '@ggen-sim/core > csv-stringify/browser/esm/sync',
            '@ggen-sim/core > uuid',
            '@ggen-sim/core > @noble/hashes/sha2.js',
            '@ggen-sim/core > @noble/hashes/utils.js',
          ],
        },
        test: {
          ...timeouts,
          name: 'browser',
          // Two cores: files side by side only make each other wait.
          fileParallelism: false,
          include: ['packages/*/test/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            // A profile on disk: in a private window OPFS is slow memory and nothing is ever synced.
            provider: playwright({ launchOptions: chromium, persistentContext: true }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});

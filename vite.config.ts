import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

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

/**
 * A profile on disk, because in a private window OPFS is slow memory and nothing is ever synced; and a new one for
 * each run, because tests begin with nothing stored.
 */
const profile = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-chromium-'));
process.on('exit', () => rmSync(profile, { recursive: true, force: true }));

const timeouts = { testTimeout: 300_000, hookTimeout: 300_000 };

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          ...timeouts,
          name: 'node',
          include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.browser.test.ts', 'tests/native/**'],
        },
      },
      {
        optimizeDeps: {
          include: [
            '@ggen-sim/sqljs-vfs > sql.js',
            '@ggen-sim/sqljs-vfs > idb-keyval',
            '@ggen-sim/sqljs-vfs > fast-check',
            '@ggen-sim/core > canonicalize',
            '@ggen-sim/core > csv-stringify/browser/esm/sync',
            '@ggen-sim/core > uuid',
            '@ggen-sim/core > fast-check',
            '@ggen-sim/core > @noble/hashes/sha2.js',
            '@ggen-sim/core > @noble/hashes/utils.js',
          ],
        },
        test: {
          ...timeouts,
          name: 'browser',
          // Two cores: files side by side only make each other wait.
          fileParallelism: false,
          include: ['packages/*/test/**/*.browser.test.ts', 'tests/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromium, persistentContext: profile }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});

export default config;

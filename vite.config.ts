import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { bundledWorkers } from './tests/support/bundled-workers.ts';
import { chromiumLaunch } from './tests/support/chromium-launch.ts';
import { ggenSim, killHub, startHub } from './tests/support/hub-commands.ts';

/**
 * Profile on disk, new for each run because tests begin with empty storage. In a private window OPFS is slow memory and
 * the browser never syncs.
 */
const profile = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-chromium-'));
process.on('exit', () => rmSync(profile, { recursive: true, force: true }));

// No test uses TLS, and Node 20 would read all these certificates in each of thousands of child processes (35 ms).
delete process.env['NODE_EXTRA_CA_CERTS'];

/** Generous: no test is about time, and `expect.poll` would give up after a second, in which a busy machine may do nothing. */
const timeouts = { testTimeout: 600_000, hookTimeout: 600_000, expect: { poll: { timeout: 60_000 } } };

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          ...timeouts,
          name: 'node',
          // Its tests wait for disks and processes half of the time; Vitest would start one worker on two cores.
          maxWorkers: 2,
          include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.browser.test.ts', 'tests/native/**'],
        },
      },
      {
        plugins: [bundledWorkers()],
        optimizeDeps: {
          // It fetches its binary from beside its code.
          exclude: ['oxigraph'],
          include: [
            '@ggen-sim/sqljs-vfs > sql.js/dist/sql-wasm-browser.js',
            '@ggen-sim/sqljs-vfs > idb-keyval',
            '@ggen-sim/sqljs-vfs > @noble/ciphers/aes.js',
            '@ggen-sim/sqljs-vfs > fast-check',
            '@ggen-sim/graphql > graphql',
            '@ggen-sim/core > canonicalize',
            '@ggen-sim/core > csv-stringify/browser/esm/sync',
            '@ggen-sim/core > rfc6902',
            '@ggen-sim/core > uuid',
            '@ggen-sim/sync > eventsource-parser',
            '@ggen-sim/core > fast-check',
            '@ggen-sim/core > @noble/hashes/sha2.js',
            '@ggen-sim/core > @noble/hashes/utils.js',
          ],
        },
        test: {
          ...timeouts,
          name: 'browser',
          // On two cores, files that run side by side only slow each other down.
          fileParallelism: false,
          include: ['packages/*/test/**/*.browser.test.ts', 'tests/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { ggenSim, killHub, startHub },
            provider: playwright({ launchOptions: chromiumLaunch, persistentContext: profile }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});

export default config;

import type { DatabaseOptions } from '@ggen-sim/playwright';
import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';
import { chromiumLaunch } from '../../support/chromium-launch.ts';
import readme from './readme.config.ts';

/** The configuration of the README, with the browser and the server of the suite that runs it. */
const config: PlaywrightTestConfig<DatabaseOptions> = defineConfig<DatabaseOptions>(readme, {
  testDir: '.',
  testMatch: '*.page.ts',
  workers: 1,
  timeout: 240_000,
  // The suite that waits gets a report in any case.
  globalTimeout: 200_000,
  expect: { timeout: 30_000 },
  use: { baseURL: process.env['CHILD_BASE_URL'] ?? '', launchOptions: chromiumLaunch },
});

export default config;

import { createServer, type AddressInfo } from 'node:net';
import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';
import { chromiumLaunch } from '../support/chromium-launch.ts';

// Chosen once: the workers read this file again and must find the same port.
process.env['GGEN_E2E_PORT'] ??= String(await freePort());
process.env['GGEN_E2E_DEV_PORT'] ??= String(await freePort());
const port = process.env['GGEN_E2E_PORT'];
const devPort = process.env['GGEN_E2E_DEV_PORT'];

const config: PlaywrightTestConfig = defineConfig({
  testDir: '.',
  // Pictures are for people to look at: they check nothing, and are no part of the suite.
  testMatch: process.env['PICTURES'] === undefined ? '**/*.spec.ts' : 'pictures*.ts',
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env['CI'] !== undefined,
  // A second attempt that passes is reported as flaky: such a test is to be rebuilt, but does not stop what is not at fault.
  retries: 1,
  reporter: 'list',
  outputDir: 'test-results',
  // Generous: on a busy machine Chromium takes seconds to start, and no test is about time.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  use: {
    // In a folder, not at the root: the page must work at any path of a static host.
    baseURL: `http://127.0.0.1:${port}/dist/`,
    launchOptions: chromiumLaunch,
    screenshot: 'only-on-failure',
  },
  webServer: [
    {
      command: `sirv ../../apps/simulator --quiet --host 127.0.0.1 --port ${port}`,
      url: `http://127.0.0.1:${port}/dist/index.html`,
      reuseExistingServer: false,
    },
    {
      // Bundles the dependencies again, as on the first day: an earlier run may have left bundles.
      command: `node_modules/.bin/vite --force --host 127.0.0.1 --port ${devPort} --strictPort`,
      cwd: '../../apps/simulator',
      url: `http://127.0.0.1:${devPort}/`,
      reuseExistingServer: false,
    },
  ],
});

export default config;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}

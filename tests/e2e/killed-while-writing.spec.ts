import { execFileSync } from 'node:child_process';
import { chromium } from '@playwright/test';
import { AcknowledgedWrites } from './support/acknowledged-writes.ts';
import { chromiumLaunch } from '../support/chromium-launch.ts';
import { expect, openSimulator, test } from './support/fixtures.ts';
import type { SimulatorPage } from './support/simulator-page.ts';

const IS_WHOLE = process.env['SWEEP'] === 'all';
const RENDERER_KILLS = IS_WHOLE ? 30 : 10;
const BROWSER_KILLS = IS_WHOLE ? 10 : 4;
const ACKNOWLEDGED_BEFORE_KILL = 15;

async function expectNothingLost(simulator: SimulatorPage, writes: AcknowledgedWrites): Promise<void> {
  const stored = new Set(await simulator.executionIds());
  expect(writes.executionIds.filter((executionId) => !stored.has(executionId))).toEqual([]);
  expect(await simulator.verified()).toBe(true);
}

test(`a renderer killed ${RENDERER_KILLS} times while it writes loses no acknowledged write`, async ({
  context,
}) => {
  test.setTimeout(1_800_000);
  const writes = new AcknowledgedWrites();
  for (let round = 0; round < RENDERER_KILLS; round += 1) {
    const simulator = await openSimulator(context);
    await expectNothingLost(simulator, writes);
    const { page } = simulator;
    const crashed = page.waitForEvent('crash');
    await writes.startIn(page, `round-${round}`, ACKNOWLEDGED_BEFORE_KILL);
    const devtools = await context.newCDPSession(page);
    // The renderer ends before it can answer.
    void devtools.send('Page.crash').catch(() => undefined);
    await crashed;
    await page.close();
  }
  await expectNothingLost(await openSimulator(context), writes);
  expect(writes.executionIds.length).toBeGreaterThanOrEqual(RENDERER_KILLS * ACKNOWLEDGED_BEFORE_KILL);
});

test(`a browser killed ${BROWSER_KILLS} times while it writes loses no acknowledged write`, async ({
  baseURL,
}, testInfo) => {
  test.setTimeout(1_800_000);
  const profile = testInfo.outputPath('profile');
  const writes = new AcknowledgedWrites();
  for (let round = 0; round < BROWSER_KILLS; round += 1) {
    const context = await chromium.launchPersistentContext(profile, {
      ...chromiumLaunch,
      baseURL: baseURL ?? '',
    });
    const simulator = await openSimulator(context);
    await expectNothingLost(simulator, writes);
    await writes.startIn(simulator.page, `round-${round}`, ACKNOWLEDGED_BEFORE_KILL);
    const closed = new Promise<void>((resolve) => void context.on('close', () => resolve()));
    // Kills every process of that browser at once, as the system does when memory runs out.
    execFileSync('pkill', ['-KILL', '-f', '--', `--user-data-dir=${profile}`]);
    await closed;
  }
  const context = await chromium.launchPersistentContext(profile, {
    ...chromiumLaunch,
    baseURL: baseURL ?? '',
  });
  await expectNothingLost(await openSimulator(context), writes);
  await context.close();
  expect(writes.executionIds.length).toBeGreaterThanOrEqual(BROWSER_KILLS * ACKNOWLEDGED_BEFORE_KILL);
});

import { existsSync } from 'node:fs';
import type { LaunchOptions } from '@playwright/test';

const CHROMIUM = '/usr/bin/chromium';

/**
 * Programs of Debian, the first choice first. The headless shell is the same engine without windows, menus and toolbars,
 * which take half of the processor time of a short test; Playwright's own headless browser is the same.
 */
const PROGRAMS = ['/usr/bin/chromium-headless-shell', CHROMIUM];

const executablePath = PROGRAMS.find((program) => existsSync(program));

/** Launch options of Debian's Chromium if it is installed, otherwise of Playwright's. */
export const chromiumLaunch: LaunchOptions = {
  ...(executablePath !== undefined && { executablePath }),
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

/** The same for the whole Chromium: the headless shell has no back-forward cache. */
export const wholeChromiumLaunch: LaunchOptions = {
  ...chromiumLaunch,
  ...(existsSync(CHROMIUM) ? { executablePath: CHROMIUM } : { channel: 'chromium' }),
};

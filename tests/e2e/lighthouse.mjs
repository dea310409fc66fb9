/**
 * Measures the built page with Lighthouse, as on a desk and as on a phone: `pnpm --filter @ggen-sim/tests lighthouse`. Ends
 * with 1 below a goal. Lighthouse is fetched for it and is no dependency; its reports are in `test-results/lighthouse`. It takes
 * times, so a busy machine makes it report less: what misses a goal is measured again, three times in all, each with the speed of
 * the machine meanwhile.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { servePage } from './support/page-server.mjs';

const LIGHTHOUSE = 'lighthouse@12.8.2';
const FOLDER = path.join(import.meta.dirname, 'test-results/lighthouse');
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const GOALS = {
  desktop: { performance: 95, accessibility: 95, 'best-practices': 95 },
  mobile: { performance: 90, accessibility: 95, 'best-practices': 95 },
};
const ATTEMPTS = 3;
const CHROMIUM = '/usr/bin/chromium';

const server = await servePage();
mkdirSync(FOLDER, { recursive: true });
try {
  const below = [];
  for (const [device, goals] of Object.entries(GOALS)) below.push(...(await measureAgain(device, goals)));
  if (below.length > 0) {
    console.error(`Below its goal: ${below.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  server.close();
}

async function measureAgain(device, goals) {
  for (let attempt = 1; ; attempt++) {
    const below = await measure(device, goals);
    if (below.length === 0 || attempt === ATTEMPTS) return below;
  }
}

/** @returns the figures that miss their goals */
async function measure(device, goals) {
  const report = path.join(FOLDER, `${device}.json`);
  const lighthouse = spawn(
    'pnpm',
    [
      'dlx',
      LIGHTHOUSE,
      server.url,
      '--quiet',
      '--output=json',
      `--output-path=${report}`,
      `--only-categories=${CATEGORIES.join(',')}`,
      '--chrome-flags=--headless=new --no-sandbox --disable-gpu',
      ...(device === 'desktop' ? ['--preset=desktop'] : []),
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...(existsSync(CHROMIUM) && { CHROME_PATH: CHROMIUM }) },
    },
  );
  const [status] = await once(lighthouse, 'exit');
  if (status !== 0) throw new Error(`Lighthouse ended with ${status}`);
  const { categories, audits, environment } = JSON.parse(readFileSync(report, 'utf8'));
  const scores = CATEGORIES.map((name) => [name, Math.round(categories[name].score * 100)]);
  const times = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'speed-index'];
  console.log(
    `${device}: ${scores.map((score) => score.join(' ')).join(', ')} (${times
      .map((name) => `${name} ${audits[name].displayValue}`)
      .join(', ')}, speed of the machine ${environment.benchmarkIndex})`,
  );
  const lost = Object.values(audits).filter(
    ({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== 'informative',
  );
  for (const { title, displayValue } of lost)
    console.log(`  ${title}${displayValue ? `: ${displayValue}` : ''}`);
  return scores.filter(([name, score]) => score < goals[name]).map(([name]) => `${device} ${name}`);
}

import { parseArgs } from 'node:util';
import type { CrashReport } from '../crash-report.ts';
import { crashBrokenIndexedDb, crashIndexedDb } from './indexeddb-campaign.ts';
import { crashFiles, crashUnprotectedFiles } from './file-campaign.ts';
import { runBrokenScenarios, runScenarios } from './scenario-campaign.ts';
import { markdownTable, textTable } from './report-table.ts';
import type { Campaign } from './campaign.ts';
import { writeNumbers } from './write-docs.ts';

/**
 * All campaigns. A new one is a module and a line here. Weights follow the cost of a crash: a millisecond on the
 * simulated disk, some hundred in a browser, and as many for a scenario.
 */
const CAMPAIGNS: readonly Campaign[] = [
  { name: 'file', weight: 198, run: crashFiles, runControls: crashUnprotectedFiles },
  { name: 'indexeddb', weight: 1, run: crashIndexedDb, runControls: crashBrokenIndexedDb },
  { name: 'scenarios', weight: 1, run: runScenarios, runControls: runBrokenScenarios },
];

const DEFAULT_POINTS = 200_000;
/** Controls fail early and often, the rarest at one point in fifty. */
const CONTROL_SHARE = 0.05;
const LEAST_CONTROL_POINTS = 5000;
const SHOWN_FAILURES = 5;

const USAGE = `pnpm crash-tests [--points N] [--seed N] [--only CAMPAIGNS,…] [--write-docs]

  --points N     crashes in all (${DEFAULT_POINTS.toLocaleString('en-US')})
  --seed N       which crashes; printed with every run (default: the time)
  --only NAMES   campaigns to run, which share all points: ${CAMPAIGNS.map(({ name }) => name).join(', ')}
  --write-docs   writes the numbers into docs/durability.md

Exits with 1 if a promise was broken, or if a negative control did not fail.`;

const { values } = parseArgs({
  options: {
    points: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new RangeError(`--${name} must be a whole number, not "${text}"`);
  }
  return value;
}

function chosenSeries(only: string | undefined): readonly Campaign[] {
  if (only === undefined) return CAMPAIGNS;
  return only.split(',').map((name) => {
    const found = CAMPAIGNS.find((series) => series.name === name);
    if (!found)
      throw new RangeError(
        `there is no series "${name}"; there are ${CAMPAIGNS.map((s) => s.name).join(', ')}`,
      );
    return found;
  });
}

async function runAll(points: number, seed: number, chosen: readonly Campaign[]): Promise<boolean> {
  const weights = chosen.reduce((sum, { weight }) => sum + weight, 0);
  const reports: CrashReport[] = [];
  const controls: CrashReport[] = [];
  for (const { weight, run, runControls } of chosen) {
    const share = Math.ceil((points * weight) / weights);
    reports.push(...(await run({ points: share, seed })));
    const controlPoints = Math.max(LEAST_CONTROL_POINTS, Math.ceil(share * CONTROL_SHARE));
    if (runControls) controls.push(...(await runControls({ points: controlPoints, seed })));
  }
  say(textTable(reports, controls));
  const failed = reports.filter(({ failures }) => failures.length > 0);
  for (const { storage, mode, failures } of failed) {
    say(`\n${storage}, ${mode}: --seed ${seed}`);
    for (const { point, image, reason } of failures.slice(0, SHOWN_FAILURES)) {
      say(`  point ${point} (${image}): ${reason}`);
    }
  }
  const passed = controls.filter(({ failures }) => failures.length === 0);
  for (const { storage, mode } of passed) say(`\n${storage}, ${mode}: must fail, and did not`);
  if (values['write-docs']) {
    const run = `Node ${process.version} on ${process.platform}, seed ${seed}: \`pnpm crash-tests --points ${points} --seed ${seed}\`.`;
    writeNumbers('../docs/durability.md', `${run}\n\n${markdownTable(reports, controls)}`);
  }
  return failed.length === 0 && passed.length === 0;
}

async function main(): Promise<void> {
  if (values.help) {
    say(USAGE);
    return;
  }
  const seed = wholeNumber('seed', values.seed, Date.now() % 2 ** 31);
  const points = wholeNumber('points', values.points, DEFAULT_POINTS);
  const chosen = chosenSeries(values.only);
  say(`seed ${seed}, ${points.toLocaleString('en-US')} points\n`);
  if (!(await runAll(points, seed, chosen))) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

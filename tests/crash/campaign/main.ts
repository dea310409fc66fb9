import { parseArgs } from 'node:util';
import type { CrashReport } from '../crash-report.ts';
import { runHistories, runHistoryControls } from './history-campaign.ts';
import { crashIndexedDbControls, crashIndexedDb } from './indexeddb-campaign.ts';
import { crashFiles, crashFileControls } from './file-campaign.ts';
import { runScenarioControls, runScenarios } from './scenario-campaign.ts';
import { markdownTable, textTable } from './report-table.ts';
import type { Campaign } from './campaign.ts';
import { writeNumbers } from './write-docs.ts';

/**
 * All campaigns. A new one is a module and a line here. Weights reflect the cost of a crash: a millisecond on the
 * simulated disk, and some hundred milliseconds in a browser or a scenario.
 */
const CAMPAIGNS: readonly Campaign[] = [
  { name: 'file', weight: 197, run: crashFiles, runControls: crashFileControls },
  { name: 'indexeddb', weight: 1, run: crashIndexedDb, runControls: crashIndexedDbControls },
  { name: 'scenarios', weight: 1, run: runScenarios, runControls: runScenarioControls },
  { name: 'history', weight: 1, run: runHistories, runControls: runHistoryControls },
];

const DEFAULT_POINTS = 200_000;
/** Share of a campaign's crashes that its controls get. Even the rarest fault shows in one crash of fifty. */
const CONTROL_SHARE = 0.05;
const LEAST_CONTROL_POINTS = 5000;
const SHOWN_FAILURES = 5;

const USAGE = `pnpm crash-tests [--points N] [--seed N] [--only CAMPAIGNS,…] [--modes TEXT] [--write-docs]

  --points N     total number of crashes (${DEFAULT_POINTS.toLocaleString('en-US')})
  --seed N       repeats the crashes of the run that printed it (default: the time)
  --only NAMES   campaigns to run, which share all crashes: ${CAMPAIGNS.map(({ name }) => name).join(', ')}
  --modes TEXT   only modes with this text in their names, for example: encrypted
  --write-docs   write the numbers into docs/durability.md

The exit code is 1 if a promise was broken or a negative control did not fail.`;

const { values } = parseArgs({
  options: {
    points: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    modes: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function print(text: string): void {
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

function chosenCampaigns(only: string | undefined): readonly Campaign[] {
  if (only === undefined) return CAMPAIGNS;
  return only.split(',').map((name) => {
    const found = CAMPAIGNS.find((campaign) => campaign.name === name);
    if (!found)
      throw new RangeError(
        `unknown campaign "${name}"; the campaigns are ${CAMPAIGNS.map((campaign) => campaign.name).join(', ')}`,
      );
    return found;
  });
}

async function runAll(
  points: number,
  seed: number,
  chosen: readonly Campaign[],
  modes: string | undefined,
): Promise<boolean> {
  const weights = chosen.reduce((sum, { weight }) => sum + weight, 0);
  const reports: CrashReport[] = [];
  const controls: CrashReport[] = [];
  for (const { weight, run, runControls } of chosen) {
    const share = Math.ceil((points * weight) / weights);
    reports.push(...(await run({ points: share, seed, modes })));
    const controlPoints = Math.max(LEAST_CONTROL_POINTS, Math.ceil(share * CONTROL_SHARE));
    if (runControls) controls.push(...(await runControls({ points: controlPoints, seed, modes })));
  }
  if (reports.length === 0) throw new RangeError(`no mode has "${modes}" in its name`);
  print(textTable(reports, controls));
  const failed = reports.filter(({ failures }) => failures.length > 0);
  for (const { storage, mode, failures } of failed) {
    print(`\n${storage}, ${mode}: --seed ${seed}`);
    for (const { point, image, reason } of failures.slice(0, SHOWN_FAILURES)) {
      print(`  point ${point} (${image}): ${reason}`);
    }
  }
  const passed = controls.filter(({ failures }) => failures.length === 0);
  for (const { storage, mode } of passed) print(`\n${storage}, ${mode}: must fail, but did not`);
  if (values['write-docs']) {
    const run = `Node ${process.version} on ${process.platform}, seed ${seed}: \`pnpm crash-tests --points ${points} --seed ${seed}\`.`;
    writeNumbers('../docs/durability.md', `${run}\n\n${markdownTable(reports, controls)}`);
  }
  return failed.length === 0 && passed.length === 0;
}

async function main(): Promise<void> {
  if (values.help) {
    print(USAGE);
    return;
  }
  const seed = wholeNumber('seed', values.seed, Date.now() % 2 ** 31);
  const points = wholeNumber('points', values.points, DEFAULT_POINTS);
  const chosen = chosenCampaigns(values.only);
  print(`seed ${seed}, ${points.toLocaleString('en-US')} points\n`);
  if (!(await runAll(points, seed, chosen, values.modes))) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

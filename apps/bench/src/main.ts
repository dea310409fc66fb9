/** Side-by-side benchmarks: `main.mjs [--full | --smoke] [--node | --chromium]`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NODE_ENGINES } from './engines/node/index.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { PLANS } from './plan.ts';
import { terminalReport } from './report/terminal.ts';
import { ResultsCollector } from './results-collector.ts';
import { factsOf, type Results, type RunKind } from './results.ts';
import { runBrowserTrials, type BrowserRun } from './trials/browser/run-browser-trials.ts';
import { runCliTrials } from './trials/node/run-cli-trials.ts';
import { runNodeTrials } from './trials/node/run-node-trials.ts';

const PEERS = [
  'better-sqlite3',
  'node-sqlite3-wasm',
  'sql.js',
  '@journeyapps/wa-sqlite',
  '@sqlite.org/sqlite-wasm',
  '@electric-sql/pglite',
];

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    node: { type: 'boolean', default: false },
    chromium: { type: 'boolean', default: false },
  },
});
const kind: RunKind = values.smoke ? 'smoke' : values.full ? 'full' : 'short';
const plan = PLANS[kind];
const everywhere = values.node === values.chromium;
const root = path.resolve(import.meta.dirname, '..');
const workFolder = path.join(root, 'work');
const begin = new Date();
const collector = new ResultsCollector();
const say = (line: string): void => {
  const seconds = ((Date.now() - begin.getTime()) / 1000).toFixed(0).padStart(5);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

mkdirSync(workFolder, { recursive: true });
if (everywhere || values.node) {
  await runNodeTrials(plan.node, workFolder, collector, say);
  await runCliTrials(plan.node.rowCounts, plan.cliRuns, workFolder, collector, say);
}
let browserRun: BrowserRun = { engines: [], version: 'not run' };
if (everywhere || values.chromium) {
  browserRun = await runBrowserTrials(plan.chromium, workFolder, collector, say);
}

const results: Results = {
  formatVersion: 1,
  kind,
  startedAt: `${begin.toISOString().slice(0, 19)}Z`,
  durationMs: Date.now() - begin.getTime(),
  machine: describeMachine(workFolder),
  versions: describeVersions(PEERS, browserRun.version),
  engines: [
    ...NODE_ENGINES.map((engine) => factsOf(engine, 'node')),
    ...browserRun.engines.map((engine) => factsOf(engine, 'chromium')),
  ],
  measurements: collector.measurements,
  costs: collector.costs,
  omissions: collector.omissions,
};
const folder = path.join(root, 'results');
mkdirSync(folder, { recursive: true });
const name = `${results.startedAt.replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)}-${kind}`;
writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(results)}\n`);
process.stdout.write(terminalReport(results));
rmSync(path.join(workFolder, 'node'), { recursive: true, force: true });

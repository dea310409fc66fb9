/**
 * Side-by-side benchmarks: `main.mjs [--full | --smoke] [--node | --chromium] [--engines ID,…]`, or
 * `main.mjs --report FILE [--report FILE]`.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { assertComplete } from './assert-complete.ts';
import { NODE_ENGINES } from './engines/node/index.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { PLANS } from './plan.ts';
import { reportPage } from './report/html.ts';
import { writeSummary } from './report/markdown.ts';
import { terminalReport } from './report/terminal.ts';
import { ResultsCollector } from './results-collector.ts';
import { factsOf, FORMAT_VERSION, together, type Results, type RunKind } from './results.ts';
import { runBrowserTrials, type BrowserRun } from './trials/browser/run-browser-trials.ts';
import { countSyncs } from './trials/node/count-syncs.ts';
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
/** Raw figures of a full run are kept in the tree up to this size. */
const KEPT_BYTES = 500_000;

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    node: { type: 'boolean', default: false },
    chromium: { type: 'boolean', default: false },
    engines: { type: 'string' },
    report: { type: 'string', multiple: true },
  },
});
const asked: RunKind = values.smoke ? 'smoke' : values.full ? 'full' : 'short';
const everywhere = values.node === values.chromium;
const chosen = values.engines === undefined ? undefined : new Set(values.engines.split(','));
/** Whether an engine is to run: all of them, unless some were named. */
const isChosen = ({ id }: { readonly id: string }): boolean => chosen?.has(id) ?? true;
const root = path.resolve(import.meta.dirname, '..');
const results = values.report === undefined ? await measure(asked) : together(values.report.map(read));
process.stdout.write(terminalReport(results));
if (results.kind === 'smoke') {
  assertComplete(results);
  process.stdout.write('Every engine ran, and every row is there.\n');
} else {
  keep(results);
}

/** The raw figures of an earlier run, to be reported anew. */
function read(file: string): Results {
  const text = readFileSync(path.resolve(process.env['INIT_CWD'] ?? '.', file), 'utf8');
  const run = JSON.parse(text) as Results;
  if (run.formatVersion !== FORMAT_VERSION) throw new Error(`${file} is of another version of this program`);
  return run;
}

async function measure(kind: RunKind): Promise<Results> {
  const plan = PLANS[kind];
  const workFolder = path.join(root, 'work');
  const begin = new Date();
  const collector = new ResultsCollector();
  const say = (line: string): void => {
    const seconds = ((Date.now() - begin.getTime()) / 1000).toFixed(0).padStart(5);
    process.stderr.write(`${seconds} s  ${line}\n`);
  };
  const nodeEngines = NODE_ENGINES.filter(isChosen);
  mkdirSync(workFolder, { recursive: true });
  if (everywhere || values.node) {
    await runNodeTrials(nodeEngines, plan.node, workFolder, collector, say);
    if (!chosen) {
      await runCliTrials(plan.node.rowCounts, plan.cliRuns, workFolder, collector, say);
      if (kind !== 'smoke') await countSyncs(workFolder, collector);
    }
  }
  let browserRun: Partial<BrowserRun> = {};
  if (everywhere || values.chromium) {
    browserRun = await runBrowserTrials(isChosen, plan.chromium, workFolder, collector, say);
  }
  // Seeds stay for the next run of the day, except those of a gigabyte.
  if (kind === 'full') rmSync(workFolder, { recursive: true, force: true });
  const engines = [
    ...(everywhere || values.node ? nodeEngines.map((engine) => factsOf(engine, 'node')) : []),
    ...(browserRun.engines ?? []).map((engine) => factsOf(engine, 'chromium')),
  ];
  const unknown = [...(chosen ?? [])].filter((name) => engines.every(({ id }) => id !== name));
  if (unknown.length > 0) throw new Error(`there is no engine ${unknown.join(', ')}`);
  return {
    formatVersion: FORMAT_VERSION,
    kind,
    startedAt: `${begin.toISOString().slice(0, 19)}Z`,
    durationMs: Date.now() - begin.getTime(),
    machine: describeMachine(root),
    versions: describeVersions(PEERS, browserRun.version),
    engines,
    measurements: collector.measurements,
    costs: collector.costs,
    omissions: collector.omissions,
  };
}

/** Writes raw figures and the report; a full run of everything also goes into the documentation. */
function keep(run: Results): void {
  const { kind } = run;
  const platforms = new Set(run.engines.map(({ platform }) => platform));
  const complete = kind === 'full' && platforms.size === 2 && !chosen;
  const folder = path.join(root, 'results');
  mkdirSync(folder, { recursive: true });
  const stamp = run.startedAt.replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const file = path.join(folder, `${stamp}-${kind}.json`);
  if (complete)
    for (const name of readdirSync(folder)) if (name.endsWith('-full.json')) rmSync(path.join(folder, name));
  writeFileSync(file, `${JSON.stringify(rounded(run))}\n`);
  const page = path.join(folder, `${stamp}-${kind}.html`);
  writeFileSync(page, reportPage(run));
  if (complete) writeSummary(path.resolve(root, '../../docs/performance.md'), run);
  const kilobytes = Math.ceil(statSync(file).size / 1000);
  process.stdout.write(`\nReport: ${page}\nRaw figures: ${file} (${kilobytes} kB)\n`);
  if (complete && statSync(file).size > KEPT_BYTES)
    process.stdout.write('Too large to be kept in the tree.\n');
}

/** Three significant digits: more is noise, and ten times the size. */
function rounded(run: Results): Results {
  const round = (value: number): number => Number(value.toPrecision(3));
  const measurements = run.measurements.map((each) =>
    Object.assign({}, each, { trials: each.trials.map((samples) => samples.map(round)) }),
  );
  return { ...run, measurements };
}

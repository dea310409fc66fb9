/**
 * Side-by-side benchmarks: `main.mjs [--full | --smoke] [--node | --chromium] [--engines ID,…]`,
 * `main.mjs --indexeddb [--rounds N] [--rows N,…]`, `main.mjs --hooks [--events N]`, or `main.mjs --report FILE [--report FILE]`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { assertComplete } from './assert-complete.ts';
import { chooseEngines } from './choose-engines.ts';
import { BROWSER_ENGINE_IDS } from './engines/browser/engine-ids.ts';
import { NODE_ENGINES } from './engines/node/index.ts';
import { hooksLine, runHooks } from './hooks/run.ts';
import { onePage } from './indexeddb/one-page.ts';
import { type IndexedDbRun, runIndexedDb } from './indexeddb/run.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { PLANS } from './plan.ts';
import { markdownReport, summaryOf } from './report/markdown.ts';
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
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    node: { type: 'boolean', default: false },
    chromium: { type: 'boolean', default: false },
    engines: { type: 'string' },
    indexeddb: { type: 'boolean', default: false },
    hooks: { type: 'boolean', default: false },
    events: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '1000,100000,1000000' },
    report: { type: 'string', multiple: true },
  },
});
const asked: RunKind = values.smoke ? 'smoke' : values.full ? 'full' : 'short';
const everywhere = values.node === values.chromium;
const chosen = chooseEngines(values.engines, [
  ...(everywhere || values.node ? NODE_ENGINES.map(({ id }) => id) : []),
  ...(everywhere || values.chromium ? BROWSER_ENGINE_IDS : []),
]);
/** True when an engine runs: `--engines` names it or was not given. */
const isChosen = ({ id }: { readonly id: string }): boolean => chosen?.has(id) ?? true;
const root = path.resolve(import.meta.dirname, '../..');
if (values.indexeddb) {
  await measureIndexedDb();
  process.exit();
}
if (values.hooks) {
  await measureHooks();
  process.exit();
}
const results = values.report === undefined ? await measure(asked) : together(values.report.map(read));
process.stdout.write(terminalReport(results));
if (results.kind === 'smoke') {
  assertComplete(results);
  process.stdout.write('Every engine ran, and no row is missing.\n');
} else {
  keep(results);
}

/** Measures IndexedDB alone, and prints one page. */
async function measureIndexedDb(): Promise<void> {
  const rowCounts = values.rows.split(',').map(Number);
  const folder = path.join(root, 'work');
  mkdirSync(folder, { recursive: true });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  mkdirSync(path.join(root, 'results'), { recursive: true });
  const onRound = (run: IndexedDbRun): void => {
    writeFileSync(path.join(root, 'results/indexeddb.md'), onePage(run));
    writeFileSync(path.join(root, 'results/indexeddb.json'), `${JSON.stringify(run.lines)}\n`);
  };
  const run = await runIndexedDb({ rowCounts, rounds: Number(values.rounds) }, folder, { say, onRound });
  onRound(run);
  process.stdout.write(onePage(run));
}

/** Measures the events of hooks over HTTP alone, and prints a line for each state of the database. */
async function measureHooks(): Promise<void> {
  for (const [name, isLocked] of [
    ['free database', false],
    ['locked database', true],
  ] as const) {
    const run = await runHooks(Number(values.events), isLocked, path.join(root, 'work/hooks'));
    process.stdout.write(`${hooksLine(name, run)}\n`);
  }
}

/** Reads the samples of an earlier run. */
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
  const nodeEngines = NODE_ENGINES.filter(
    (engine) => isChosen(engine) && !(kind === 'smoke' && engine.compile && !chosen),
  );
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
  // Datasets stay for the next run of the day, except those of a gigabyte.
  if (kind === 'full') rmSync(workFolder, { recursive: true, force: true });
  const engines = [
    ...(everywhere || values.node ? nodeEngines.map((engine) => factsOf(engine, 'node')) : []),
    ...(browserRun.engines ?? []).map((engine) => factsOf(engine, 'chromium')),
  ];
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

/** Writes the samples and the report, which git ignores, and the goals of a full run of both platforms, which it keeps. */
function keep(run: Results): void {
  const { kind } = run;
  const platforms = new Set(run.engines.map(({ platform }) => platform));
  const isComplete = kind === 'full' && platforms.size === 2 && !chosen;
  const folder = path.join(root, 'results');
  mkdirSync(folder, { recursive: true });
  const stamp = run.startedAt.replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const base = path.join(folder, `${stamp}-${kind}`);
  writeFileSync(`${base}.json`, `${JSON.stringify(rounded(run))}\n`);
  writeFileSync(`${base}.md`, markdownReport(run));
  process.stdout.write(`\nReport: ${base}.md\nSamples: ${base}.json\n`);
  if (!isComplete) return;
  const summary = path.join(root, 'bench/last-full-run.json');
  writeFileSync(summary, `${JSON.stringify(summaryOf(run), undefined, 2)}\n`);
  process.stdout.write(`Goals, for the repository: ${summary}\n`);
}

/** Three significant digits: more is noise, and ten times the size. */
function rounded(run: Results): Results {
  const round = (value: number): number => Number(value.toPrecision(3));
  const measurements = run.measurements.map((each) =>
    Object.assign({}, each, { trials: each.trials.map((samples) => samples.map(round)) }),
  );
  return { ...run, measurements };
}

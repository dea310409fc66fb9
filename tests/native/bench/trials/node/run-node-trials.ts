import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { CASES, FIRST_CASES } from '../../cases/index.ts';
import type { Seed } from '../../dataset/rows.ts';
import { copySeed, datasetFile, todaysSeed } from '../../dataset/dataset-file.ts';
import type { NodeEngine } from '../../engines/node/node-engine.ts';
import type { PlatformPlan } from '../../plan.ts';
import type { ResultsCollector } from '../../results-collector.ts';
import type { TrialRequest, TrialResult } from '../trial.ts';

const run = promisify(execFile);
/** The program of a trial. */
export const TRIAL_PROCESS: string = path.join(import.meta.dirname, 'trial-process.js');
const TRIAL_TIMEOUT_MS = 900_000;

/** Cases that take long and vary little: the first round only. */
const ONCE: ReadonlySet<string> = new Set(['image', 'backup']);

/** A database file and what trials have added to it. */
interface Database {
  readonly engine: NodeEngine;
  readonly file: string;
  rows: TrialResult['rowsAfter'];
}

/** Runs the engines on every size, turn by turn, each trial in a process of its own. */
export async function runNodeTrials(
  engines: readonly NodeEngine[],
  plan: PlatformPlan,
  workFolder: string,
  collector: ResultsCollector,
  say: (line: string) => void,
): Promise<void> {
  const folder = path.join(workFolder, 'node');
  rmSync(folder, { recursive: true, force: true });
  for (const engine of engines) await engine.compile?.();
  const sizes: { readonly seed: Seed; readonly databases: readonly Database[] }[] = [];
  for (const rowCount of plan.rowCounts) {
    say(`Node, ${rowCount} rows, making and copying the seed`);
    const seed = todaysSeed(rowCount);
    const seeds = path.join(workFolder, 'seeds');
    const sources = {
      plain: await datasetFile(seeds, seed),
      encrypted: engines.some(({ encrypted }) => encrypted) ? await datasetFile(seeds, seed, true) : '',
    };
    const databases = copies(engines, sources, path.join(folder, String(rowCount)), rowCount, collector);
    sizes.push({ seed, databases });
  }
  const first = FIRST_CASES.map(({ name }) => name);
  // Sizes take turns like engines, because figures are compared over the sizes too.
  for (let round = 0; round < plan.rounds; round++) {
    const cases = CASES.map(({ name }) => name).filter((name) => round === 0 || !ONCE.has(name));
    for (const { seed, databases } of sizes) {
      say(`Node, ${seed.rowCount} rows, round ${round + 1} of ${plan.rounds}`);
      for (const database of databases) await trial(database, seed, `run-${round}`, cases);
      for (let opening = 0; opening < plan.opens; opening++) {
        for (const database of databases) await trial(database, seed, `open-${round}-${opening}`, first);
      }
    }
  }
  rmSync(folder, { recursive: true, force: true });

  async function trial(database: Database, seed: Seed, name: string, cases: string[]): Promise<void> {
    const scratch = path.join(path.dirname(database.file), name);
    mkdirSync(scratch, { recursive: true });
    const result = await inProcessOfItsOwn({
      engineId: database.engine.id,
      place: database.file,
      seed,
      run: name,
      cases,
      budget: plan.budget,
      rowsBefore: database.rows,
      scratch,
    });
    database.rows = result.rowsAfter;
    rmSync(scratch, { recursive: true, force: true });
    collector.add({ platform: 'node', engineId: database.engine.id, rowCount: seed.rowCount }, result);
  }
}

function copies(
  engines: readonly NodeEngine[],
  sources: { readonly plain: string; readonly encrypted: string },
  folder: string,
  rowCount: number,
  collector: ResultsCollector,
): Database[] {
  const databases: Database[] = [];
  for (const engine of engines) {
    if (rowCount > (engine.maxRows ?? Infinity)) {
      const reason = `more than ${engine.maxRows} rows do not fit`;
      collector.omit({ platform: 'node', engineId: engine.id, rowCount, reason });
      continue;
    }
    const file = path.join(folder, engine.id, 'ggen.db');
    copySeed(engine.encrypted ? sources.encrypted : sources.plain, file);
    databases.push({ engine, file, rows: { receipts: rowCount, auditEntries: rowCount } });
  }
  return databases;
}

async function inProcessOfItsOwn(request: TrialRequest): Promise<TrialResult> {
  const { stdout } = await run(process.execPath, [TRIAL_PROCESS, JSON.stringify(request)], {
    env: withoutCertificates(),
    timeout: TRIAL_TIMEOUT_MS,
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout) as TrialResult;
}

/** Node reads NODE_EXTRA_CA_CERTS as it starts, which takes longer than what is measured here. */
export function withoutCertificates(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  return environment;
}

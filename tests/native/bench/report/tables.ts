import { CASE_TITLES } from '../cases/index.ts';
import type { EngineFacts } from '../engines/engine.ts';
import type { Platform, Results } from '../results.ts';
import { ratioOf, summarize, type Summary } from '../statistics/summary.ts';

/** One engine's line in a table. */
export interface TableRow {
  readonly engineId: string;
  readonly title: string;
  readonly ggenSim: boolean;
  /** As durable as the strictest here; others stand in tables but in no comparison of the best. */
  readonly comparable: boolean;
  readonly summary: Summary;
  /** Its cost over that of the first ggen-sim row in the table: 2 means it takes twice as long, or saves half as many. */
  readonly ratio: number | undefined;
}

/** One case on one platform at one size, every engine that was asked. */
export interface CaseTable {
  readonly platform: Platform;
  readonly caseName: string;
  readonly title: string;
  readonly unit: 'ms' | 'per second';
  readonly better: 'lower' | 'higher';
  readonly rowCount: number;
  readonly rows: readonly TableRow[];
}

/** Every table of a run: by platform, case and size, in the order of the cases. */
export function caseTables(results: Results): CaseTable[] {
  const tables: CaseTable[] = [];
  const rowCounts = [...new Set(results.measurements.map(({ rowCount }) => rowCount))].toSorted(
    (a, b) => a - b,
  );
  for (const platform of ['node', 'chromium'] as const) {
    for (const facts of CASE_TITLES.values()) {
      for (const rowCount of rowCounts) {
        const rows = tableRows(results, platform, facts, rowCount);
        const { name: caseName, title, unit, better } = facts;
        if (rows.length > 0) tables.push({ platform, caseName, title, unit, better, rowCount, rows });
      }
    }
  }
  return tables;
}

function tableRows(
  results: Results,
  platform: Platform,
  { name, better }: { name: string; better: 'lower' | 'higher' },
  rowCount: number,
): TableRow[] {
  const found = results.measurements
    .filter((each) => each.platform === platform && each.caseName === name && each.rowCount === rowCount)
    .map(({ engineId, trials }) => ({
      engineId,
      facts: describe(results.engines, engineId, platform),
      trials,
    }));
  const base = found.find(({ facts }) => facts.ggenSim)?.trials;
  return found.map(({ engineId, facts, trials }) => {
    const ratio = base && (better === 'lower' ? ratioOf(trials, base) : ratioOf(base, trials));
    const summary = summarize(trials, better);
    const { title, ggenSim, durability } = facts;
    return { engineId, title, ggenSim, comparable: isStrict(durability), summary, ratio };
  });
}

function describe(
  engines: Results['engines'],
  engineId: string,
  platform: Platform,
): Pick<EngineFacts, 'title' | 'ggenSim' | 'durability'> {
  const engine = engines.find((each) => each.id === engineId && each.platform === platform);
  // The command line and its rivals are no engines; they promise nothing.
  return engine ?? { title: engineId, ggenSim: engineId.startsWith('ggen-sim'), durability: 'power loss' };
}

function isStrict(durability: string): boolean {
  return durability.startsWith('power loss');
}

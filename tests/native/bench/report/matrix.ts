import type { CaseTable, TableRow } from './tables.ts';

/** One case on one platform: an engine a line, a size a column. */
export interface CaseMatrix {
  readonly platform: CaseTable['platform'];
  readonly caseName: string;
  readonly title: string;
  readonly unit: CaseTable['unit'];
  readonly better: CaseTable['better'];
  readonly rowCounts: readonly number[];
  readonly lines: readonly MatrixLine[];
}

export interface MatrixLine {
  readonly engineId: string;
  readonly title: string;
  readonly ggenSim: boolean;
  /** By the order of the sizes. */
  readonly cells: readonly (TableRow | undefined)[];
}

/** Puts the tables of the same case together. */
export function matrices(tables: readonly CaseTable[]): CaseMatrix[] {
  const groups = new Map<string, CaseTable[]>();
  for (const table of tables) {
    const key = `${table.platform} ${table.caseName}`;
    const group = groups.get(key);
    if (group) group.push(table);
    else groups.set(key, [table]);
  }
  return [...groups.values()].map(toMatrix);
}

function toMatrix(tables: readonly CaseTable[]): CaseMatrix {
  const { platform, caseName, title, unit, better } = tables[0] as CaseTable;
  const engines = new Map(tables.flatMap(({ rows }) => rows.map((row) => [row.engineId, row] as const)));
  const lines = [...engines.values()].map(({ engineId, title: engine, ggenSim }) => {
    const cells = tables.map(({ rows }) => rows.find((row) => row.engineId === engineId));
    return { engineId, title: engine, ggenSim, cells };
  });
  const rowCounts = tables.map(({ rowCount }) => rowCount);
  return { platform, caseName, title, unit, better, rowCounts, lines };
}

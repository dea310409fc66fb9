import { verdictOf } from '../goals/goal.ts';
import { goalsOf } from '../goals/goals.ts';
import type { Results } from '../results.ts';
import { charts } from './charts.ts';
import { formatBytes, formatNumber } from './numbers.ts';
import { checkText } from './goal-text.ts';
import { slowerThanPeers } from './slower-than-peers.ts';
import { matrices, type CaseMatrix } from './matrix.ts';
import { caseTables } from './tables.ts';

/** Summarizes a run for the repository: its time, its machine, and each goal with its numbers. */
export function summaryOf(results: Results): object {
  const { startedAt, durationMs, machine, versions } = results;
  const goals = goalsOf(results).map((goal) => ({
    goal: goal.text,
    verdict: verdictOf(goal),
    numbers: goal.checks.map(checkText),
    beside: goal.beside || undefined,
  }));
  return { startedAt, durationMs, machine, versions, goals };
}

/** Formats a run as Markdown: the goals, charts, and the table of every case. */
export function markdownReport(results: Results): string {
  const tables = caseTables(results);
  return [
    '# Benchmark report',
    '',
    ...provenance(results),
    '',
    '## Goals',
    '',
    ...goalTable(results),
    '',
    '## Where a peer is faster',
    '',
    ...bullets(slowerThanPeers(tables), 'In no case of this run.'),
    '',
    '## Charts',
    '',
    ...charts(tables),
    '## Cases',
    '',
    ...matrices(tables).flatMap(caseSection),
    '## Cost of a save below the engine',
    '',
    ...costs(results),
    '',
    '## Durability of each engine',
    '',
    ...results.engines.map((engine) => `- ${place(engine.platform)}, ${engine.title}: ${engine.durability}`),
    '',
    '## Not measured',
    '',
    ...bullets(
      results.omissions.map(
        ({ platform, engineId, rowCount, reason }) =>
          `${place(platform)}, ${engineId}, ${rowCount.toLocaleString('en-US')} rows: ${reason}`,
      ),
      'Everything was measured.',
    ),
    '',
  ].join('\n');
}

function provenance(results: Results): string[] {
  const list = (facts: Readonly<Record<string, string>>): string =>
    Object.entries(facts)
      .map(([name, value]) => `${name} ${value}`)
      .join('; ');
  return [
    `A ${results.kind} run of ${results.startedAt}, ${formatNumber(results.durationMs / 60_000)} minutes.`,
    '',
    `- Machine: ${list(results.machine)}`,
    `- Versions: ${list(results.versions)}`,
  ];
}

function goalTable(results: Results): string[] {
  return [
    '| Goal | | Numbers |',
    '| --- | --- | --- |',
    ...goalsOf(results).map((goal) => {
      const figures = [...goal.checks.map(checkText), ...(goal.beside ? [`beside: ${goal.beside}`] : [])];
      return `| ${goal.text} | ${verdictOf(goal)} | ${figures.join('; ')} |`;
    }),
  ];
}

function caseSection({ platform, title, unit, better, rowCounts, lines }: CaseMatrix): string[] {
  const worst = better === 'lower' ? 'p99' : 'p1';
  return [
    `### ${place(platform)}: ${title}`,
    '',
    `Median ${unit} (${worst}; n), and the cost as a multiple of the first line's. ${better === 'lower' ? 'Lower' : 'Higher'} is better.`,
    '',
    `| Engine | ${rowCounts.map((rowCount) => `${rowCount.toLocaleString('en-US')} rows`).join(' | ')} |`,
    `| --- | ${rowCounts.map(() => '---:').join(' | ')} |`,
    ...lines.map(({ title: engine, cells }) => {
      const texts = cells.map((cell) => {
        if (!cell) return '–';
        const { median, worst: bad, count } = cell.summary;
        const ratio = cell.ratio === undefined ? '' : `, ${formatNumber(cell.ratio)} ×`;
        return `${formatNumber(median)} (${formatNumber(bad)}; ${count})${ratio}`;
      });
      return `| ${engine} | ${texts.join(' | ')} |`;
    }),
    '',
  ];
}

function costs(results: Results): string[] {
  return [
    '| | Engine | Rows | A save |',
    '| --- | --- | ---: | --- |',
    ...costLines(results).map((cells) => `| ${cells.join(' | ')} |`),
  ];
}

/** Lists what a save costs below each engine: platform, engine, rows, numbers. */
function costLines(results: Results): string[][] {
  const lines: string[][] = [];
  for (const { platform, engineId, rowCount, perSave, peakMemoryBytes } of results.costs) {
    const figures = Object.entries(perSave)
      .filter(([, count]) => count > 0)
      .map(
        ([name, count]) => `${name} ${name.startsWith('bytes') ? formatBytes(count) : formatNumber(count)}`,
      );
    if (peakMemoryBytes !== undefined)
      figures.push(`peak memory of the process ${formatBytes(peakMemoryBytes)}`);
    if (figures.length === 0) continue;
    lines.push([place(platform), engineId, rowCount.toLocaleString('en-US'), figures.join('; ')]);
  }
  return lines;
}

function bullets(lines: readonly string[], none: string): string[] {
  return lines.length > 0 ? lines.map((line) => `- ${line}`) : [none];
}

function place(platform: Results['engines'][number]['platform']): string {
  return platform === 'node' ? 'Node' : 'Chromium';
}

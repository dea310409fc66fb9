import { readFileSync, writeFileSync } from 'node:fs';
import { verdictOf } from '../goals/goal.ts';
import { goalsOf } from '../goals/goals.ts';
import type { Results } from '../results.ts';
import { byteFigure, figure } from './figures.ts';
import { checkText } from './goal-text.ts';
import { losses } from './losses.ts';
import { matrices, type CaseMatrix } from './matrix.ts';
import { caseTables } from './tables.ts';

const BEGIN = '<!-- results: written by `pnpm bench --full`, not by hand -->';
const END = '<!-- end of results -->';

/** Puts a run between the markers of a document. */
export function writeSummary(file: string, results: Results): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${file} has no markers for results`);
  writeFileSync(file, `${text.slice(0, begin)}${BEGIN}\n\n${summaryMarkdown(results)}\n${text.slice(end)}`);
}

/** A run as Markdown. */
export function summaryMarkdown(results: Results): string {
  const tables = caseTables(results);
  return [
    ...provenance(results),
    '',
    '### Goals',
    '',
    ...goals(results),
    '',
    '### Where a peer is faster',
    '',
    ...bullets(losses(tables), 'Nowhere in this run.'),
    '',
    ...matrices(tables).flatMap(caseSection),
    '### What a save costs below the engine',
    '',
    ...costs(results),
    '',
    '### What each engine promises',
    '',
    ...results.engines.map((engine) => `- ${place(engine.platform)}, ${engine.title}: ${engine.durability}`),
    '',
    '### Not measured',
    '',
    ...bullets(
      results.omissions.map(
        ({ platform, engineId, rowCount, reason }) =>
          `${place(platform)}, ${engineId}, ${rowCount.toLocaleString('en-US')} rows: ${reason}`,
      ),
      'Everything was.',
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
    `A ${results.kind} run of ${results.startedAt}, ${figure(results.durationMs / 60_000)} minutes.`,
    '',
    `- Machine: ${list(results.machine)}`,
    `- Versions: ${list(results.versions)}`,
  ];
}

function goals(results: Results): string[] {
  return [
    '| Goal | | Figures |',
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
        const ratio = cell.ratio === undefined ? '' : `, ${figure(cell.ratio)} ×`;
        return `${figure(median)} (${figure(bad)}; ${count})${ratio}`;
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

/** What a save costs below each engine: place, engine, rows, figures. */
export function costLines(results: Results): string[][] {
  const lines: string[][] = [];
  for (const { platform, engineId, rowCount, perSave, peakMemoryBytes } of results.costs) {
    const figures = Object.entries(perSave)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${name.startsWith('bytes') ? byteFigure(count) : figure(count)}`);
    if (peakMemoryBytes !== undefined)
      figures.push(`peak memory of the process ${byteFigure(peakMemoryBytes)}`);
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

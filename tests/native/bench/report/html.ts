import { readFileSync } from 'node:fs';
import path from 'node:path';
import { verdictOf } from '../goals/goal.ts';
import { goalsOf } from '../goals/goals.ts';
import type { Results } from '../results.ts';
import { figure } from './figures.ts';
import { checkText } from './goal-text.ts';
import { losses } from './losses.ts';
import { matrices, type CaseMatrix } from './matrix.ts';
import { costLines } from './markdown.ts';
import { caseTables } from './tables.ts';

const HERE = path.resolve(import.meta.dirname, '../src/report/page');
const UPLOT = path.resolve(import.meta.dirname, '../node_modules/uplot/dist');

/** A run as one page that needs nothing beside itself. */
export function reportPage(results: Results): string {
  const tables = caseTables(results);
  const shown = matrices(tables);
  const charts = shown.filter(({ rowCounts }) => rowCounts.length > 1).map(toChart);
  const read = (folder: string, name: string): string => readFileSync(path.join(folder, name), 'utf8');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ggen-sim, side by side</title>
<style>${read(UPLOT, 'uPlot.min.css')}${read(HERE, 'report.css')}</style>
</head>
<body>
<h1>ggen-sim, side by side</h1>
<p class="quiet">A ${results.kind} run of ${results.startedAt}, ${figure(results.durationMs / 60_000)} minutes. Engines took turns, each trial in a process or page of its own. Lines of ours are solid, those of peers dashed.</p>
${facts({ ...results.machine, ...results.versions })}
<h2>Goals</h2>
${goalTable(results)}
<h2>Where a peer is faster</h2>
${list(losses(tables), 'Nowhere in this run.')}
<h2>Cases</h2>
${shown.map(caseSection).join('\n')}
<h2>What a save costs below the engine</h2>
<div class="wide"><table><tr><th>Where<th>Engine<th>Rows<th>A save</tr>
${costLines(results)
  .map((cells) => `<tr>${cells.map((cell) => `<td>${escape(cell)}`).join('')}</tr>`)
  .join('\n')}
</table></div>
<h2>What each engine promises</h2>
${list(
  results.engines.map(({ platform, title, durability }) => `${place(platform)}, ${title}: ${durability}`),
  '',
)}
<h2>Not measured</h2>
${list(
  results.omissions.map(
    ({ platform, engineId, rowCount, reason }) =>
      `${place(platform)}, ${engineId}, ${rowCount} rows: ${reason}`,
  ),
  'Everything was.',
)}
<script>${read(UPLOT, 'uPlot.iife.min.js')}</script>
<script type="module">
const charts = ${JSON.stringify(charts).replaceAll('<', '\\u003c')};
${read(HERE, 'charts.js')}
</script>
</body>
</html>
`;
}

function goalTable(results: Results): string {
  const rows = goalsOf(results).map((goal) => {
    const verdict = verdictOf(goal);
    const beside = goal.beside ? `<br><span class="quiet">beside: ${escape(goal.beside)}</span>` : '';
    return `<tr><td>${escape(goal.text)}<td class="${verdict}">${verdict}<td>${goal.checks.map((check) => escape(checkText(check))).join('<br>')}${beside}</tr>`;
  });
  return `<div class="wide"><table><tr><th>Goal<th>Verdict<th>Figures</tr>\n${rows.join('\n')}\n</table></div>`;
}

function caseSection(matrix: CaseMatrix): string {
  const { platform, title, unit, better, rowCounts, lines } = matrix;
  const heads = rowCounts.map((rowCount) => `<th class="number">${rowCount.toLocaleString('en-US')} rows`);
  const rows = lines.map(({ title: engine, ours, cells }) => {
    const texts = cells.map((cell) => {
      if (!cell) return '<td class="number quiet">–';
      const { median, worst, count } = cell.summary;
      const ratio = cell.ratio === undefined ? '' : `, ${figure(cell.ratio)} ×`;
      return `<td class="number">${figure(median)} <span class="quiet">(${figure(worst)}; ${count})${ratio}</span>`;
    });
    return `<tr><td${ours ? ' class="ours"' : ''}>${escape(engine)}${texts.join('')}</tr>`;
  });
  return `<h3>${place(platform)}: ${escape(title)}</h3>
<p class="quiet">Median ${unit} (${better === 'lower' ? 'p99' : 'p1'}; samples), and the cost as a multiple of the first line's. ${better === 'lower' ? 'Lower' : 'Higher'} is better.</p>
${rowCounts.length > 1 ? `<div class="chart" id="${elementOf(matrix)}"></div>` : ''}
<div class="wide"><table><tr><th>Engine${heads.join('')}</tr>
${rows.join('\n')}
</table></div>`;
}

function toChart(matrix: CaseMatrix): object {
  const { rowCounts, unit, lines } = matrix;
  return {
    element: elementOf(matrix),
    rowCounts,
    unit,
    lines: lines.map(({ title, ours, cells }) => ({
      title,
      ours,
      medians: cells.map((cell) => cell?.summary.median ?? null),
    })),
  };
}

function elementOf({ platform, caseName }: CaseMatrix): string {
  return `${platform}-${caseName}`;
}

function facts(entries: Readonly<Record<string, string>>): string {
  const items = Object.entries(entries).map(([name, value]) => `<dt>${escape(name)}<dd>${escape(value)}`);
  return `<dl>${items.join('')}</dl>`;
}

function list(lines: readonly string[], none: string): string {
  if (lines.length === 0) return `<p>${none}</p>`;
  return `<ul>${lines.map((line) => `<li>${escape(line)}`).join('')}</ul>`;
}

function place(platform: CaseMatrix['platform']): string {
  return platform === 'node' ? 'Node' : 'Chromium';
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

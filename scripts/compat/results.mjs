import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const RESULTS = 'tests/consumers/results.json';
const README = 'README.md';
const AREAS = ['Runtimes', 'Browsers', 'Bundlers', 'Types', 'Libraries', 'Packages', 'SQLite'];
const MARKERS = /(?<=<!-- compatibility -->\n).*?(?=<!-- \/compatibility -->)/s;

const readResults = () => JSON.parse(readFileSync(RESULTS, 'utf8'));

/** What identifies a row. */
const keyOf = ({ consumer, what }) => `${consumer}: ${what}`;

/** Names of the checks of a row that did not pass. */
const failuresOf = ({ checks }) => Object.entries(checks).filter(([, result]) => result !== 'passed');

function describeResult(row) {
  if (row.notTried !== undefined) return `not tried: ${row.notTried}`;
  if (row.checks === undefined) return 'not tried yet';
  const total = Object.keys(row.checks).length;
  const failures = failuresOf(row);
  if (failures.length === 0) return 'works';
  return `${total - failures.length} of ${total}; fails: ${failures.map(([name]) => name).join('; ')}`;
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

/** The README's table of all recorded rows. */
function renderTable(rows) {
  const ordered = AREAS.flatMap((area) => rows.filter((row) => row.area === area));
  const cells = [
    ['', 'Version', 'What was tried', 'Result'],
    ...ordered.map((row) => [
      `${row.area}: ${row.what}`,
      row.version ?? '',
      row.tried ?? '',
      describeResult(row),
    ]),
  ].map((row) => row.map(cell));
  const widths = cells[0].map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const lines = cells.map(
    (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return `\n${lines.join('\n')}\n\n`;
}

/** Writes the table from the results file into the README. */
function writeTable() {
  const text = readFileSync(README, 'utf8');
  writeFileSync(
    README,
    text.replace(MARKERS, () => renderTable(readResults().rows)),
  );
}

/**
 * Replaces the entries of the rows that were run, drops those that no consumer has any more, and adds entries without a
 * result for rows that never ran. The order is that of the consumers.
 */
export function recordResults(entries, consumers) {
  const recorded = new Map([...readResults().rows, ...entries].map((row) => [keyOf(row), row]));
  const merged = consumers.flatMap(({ name, area, rows }) =>
    rows.map(({ what }) => {
      const untried = { consumer: name, area, what };
      return recorded.get(keyOf(untried)) ?? untried;
    }),
  );
  writeFileSync(RESULTS, `${JSON.stringify({ rows: merged }, undefined, 2)}\n`);
  writeTable();
}

/** Throws when rows that were run differ from the recorded ones, or when the README's table is not made from those. */
export function compareWithResults(entries) {
  const { rows } = readResults();
  const recorded = new Map(rows.map((row) => [keyOf(row), row]));
  const different = entries.filter((entry) => !isDeepStrictEqual(entry, recorded.get(keyOf(entry))));
  if (different.length > 0) {
    const found = different.map((entry) => `${keyOf(entry)}: ${JSON.stringify(entry)}`).join('\n  ');
    throw new Error(`not as recorded in ${RESULTS} (pnpm compat records anew):\n  ${found}`);
  }
  if (MARKERS.exec(readFileSync(README, 'utf8'))?.[0] !== renderTable(rows))
    throw new Error('The table in the README differs from the results: run pnpm compat --table');
}

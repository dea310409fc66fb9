import type { Terminal } from '../caller.ts';
import { snakeCase } from '../letter-case.ts';
import { renderTable } from './table.ts';

/** Renders a report for people: single values as a table of two columns, then one table for each list of records. */
export function renderReport(report: object, terminal: Terminal): string {
  const entries = Object.entries(report) as [string, unknown][];
  const single = entries.filter(([, value]) => !Array.isArray(value));
  const list = single.map(([key, value]) => [snakeCase(key), value]);
  const blocks = [renderTable(['name', 'value'], list, terminal)];
  for (const [key, value] of entries) {
    if (Array.isArray(value))
      blocks.push(`${snakeCase(key)}:\n${recordTable(value as readonly object[], terminal)}`);
  }
  return blocks.join('\n');
}

function recordTable(records: readonly object[], terminal: Terminal): string {
  const [first] = records;
  if (first === undefined) return 'none\n';
  const rows = records.map((record) => Object.values(record) as unknown[]);
  return renderTable(Object.keys(first).map(snakeCase), rows, terminal);
}

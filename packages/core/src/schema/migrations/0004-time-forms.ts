import type { Migration } from './migration.ts';

/** Pattern of this program's times, `YYYY-MM-DD HH:MM:SS`. It has no `*`, so comparing a text takes one pass. */
const FORM = '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]';

/**
 * Makes the condition that a column holds a time in another form than `YYYY-MM-DD HH:MM:SS`, or a date that no calendar
 * has. SQLite's `datetime` would say it in fewer words, but an index must not depend on it: versions of SQLite disagree
 * about February 30 and 24 o'clock, and each would find the other's index damaged. GLOB compares all characters at once:
 * SQLite evaluates the condition for each row that is written, and for each that its integrity check reads. It ends at a NUL.
 */
export function foreignTimeCondition(column: string): string {
  const part = (from: number, length: number): string => `substr(${column}, ${from}, ${length})`;
  const [year, month, day, hour] = [part(1, 4), part(6, 2), part(9, 2), part(12, 2)];
  return `CASE
    WHEN typeof(${column}) = 'text' AND ${column} GLOB '${FORM}' AND instr(${column}, char(0)) = 0 THEN NOT (
      ${hour} <= '23' AND ${month} BETWEEN '01' AND '12' AND ${day} BETWEEN '01' AND CASE
        WHEN ${day} <= '28' THEN '28'
        WHEN ${month} IN ('04', '06', '09', '11') THEN '30'
        WHEN ${month} <> '02' THEN '31'
        WHEN ${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0) THEN '29'
        ELSE '28' END)
    ELSE ${column} IS NOT NULL END`;
}

/**
 * Replaces the indexes of times in other forms by some whose condition costs SQLite a fifth: it was half of the time of an
 * integrity check. They have other names, because queries name the condition as well.
 */
export const timeForms: Migration = {
  version: 4,
  name: 'time-forms',
  sql: `
DROP INDEX IF EXISTS idx_receipts_foreign_time;
DROP INDEX IF EXISTS idx_agent_memory_foreign_time;
DROP INDEX IF EXISTS idx_audit_log_foreign_time;
DROP INDEX IF EXISTS idx_receipts_time_form;
DROP INDEX IF EXISTS idx_agent_memory_time_form;
DROP INDEX IF EXISTS idx_audit_log_time_form;
CREATE INDEX idx_receipts_time_form ON receipts (created_at)
  WHERE ${foreignTimeCondition('created_at')};
CREATE INDEX idx_agent_memory_time_form ON agent_memory (last_updated)
  WHERE ${foreignTimeCondition('last_updated')};
CREATE INDEX idx_audit_log_time_form ON audit_log (timestamp)
  WHERE ${foreignTimeCondition('timestamp')};
`,
};

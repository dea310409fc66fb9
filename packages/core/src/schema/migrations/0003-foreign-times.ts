import type { Migration } from './migration.ts';

/** Form of this program's times: `0` stands for any digit. */
const FORM = '0000-00-00 00:00:00';

/**
 * Makes the condition that a column holds a time in another form than `YYYY-MM-DD HH:MM:SS`, or a date that no calendar
 * has. SQLite's `datetime` would say it in fewer words, but an index must not depend on it: versions of SQLite disagree
 * about February 30 and 24 o'clock, and each would find the other's index damaged.
 */
function foreignTimeCondition(column: string): string {
  const part = (from: number, length: number): string => `substr(${column}, ${from}, ${length})`;
  const [year, month, day, hour, minute, second] = [
    part(1, 4),
    part(6, 2),
    part(9, 2),
    part(12, 2),
    part(15, 2),
    part(18, 2),
  ];
  const characters = FORM.split('').map((character, index) =>
    character === '0'
      ? `${part(index + 1, 1)} BETWEEN '0' AND '9'`
      : `${part(index + 1, 1)} = '${character}'`,
  );
  return `CASE
    WHEN typeof(${column}) = 'text' AND length(${column}) = ${FORM.length} AND instr(${column}, char(0)) = 0 THEN NOT (
      ${characters.join(' AND ')}
      AND ${hour} <= '23' AND ${minute} <= '59' AND ${second} <= '59'
      AND ${month} BETWEEN '01' AND '12' AND ${day} BETWEEN '01' AND CASE
        WHEN ${month} IN ('04', '06', '09', '11') THEN '30'
        WHEN ${month} <> '02' THEN '31'
        WHEN ${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0) THEN '29'
        ELSE '28' END)
    ELSE ${column} IS NOT NULL END`;
}

/**
 * Finds at once if another program stored a time in another form: numbers, `T`, fractions, offsets. These indexes are
 * empty where none did. An index of such a name that is there already is not trusted.
 */
export const foreignTimes: Migration = {
  version: 3,
  name: 'foreign-times',
  sql: `
DROP INDEX IF EXISTS idx_receipts_foreign_time;
DROP INDEX IF EXISTS idx_agent_memory_foreign_time;
DROP INDEX IF EXISTS idx_audit_log_foreign_time;
CREATE INDEX idx_receipts_foreign_time ON receipts (created_at)
  WHERE ${foreignTimeCondition('created_at')};
CREATE INDEX idx_agent_memory_foreign_time ON agent_memory (last_updated)
  WHERE ${foreignTimeCondition('last_updated')};
CREATE INDEX idx_audit_log_foreign_time ON audit_log (timestamp)
  WHERE ${foreignTimeCondition('timestamp')};
`,
};

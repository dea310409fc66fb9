/**
 * Counts of rows by agent and status. A table is read in steps, between which other requests are answered and other processes
 * save. What is saved or deleted meanwhile may be counted or not.
 */
import type { Persistence, SqlResult, SqlResultValue } from '@ggen-sim/core';
import type { Histogram } from './exposition.ts';

/** Bounds of the durations in seconds, from a call of a tool to a run of an hour. */
export const BOUNDS_SECONDS: readonly number[] = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

/** Rows that are read at a time: some milliseconds, unless they are very large. */
const STEP_ROWS = 1000;

/** Groups that are told apart. The rows of further ones are counted without their agents. */
const MAX_GROUPS = 100_000;

/** Characters of an agent's id or a status that are told apart. */
const MAX_CHARACTERS = 256;

/** Before every row but the one with the least number that SQLite has. */
const FIRST_ROWID = -(2n ** 63n);

/** Rows of one agent and status. */
export interface RowGroup extends Histogram {
  /** Undefined for the agents that are not told apart. */
  readonly agentId: string | undefined;
  readonly status: string;
  readonly rows: number;
}

/** Counts the rows of a table by agent and status. */
export async function countGroups(
  database: Persistence,
  table: 'receipts' | 'audit_log',
): Promise<readonly RowGroup[]> {
  const upTo = BOUNDS_SECONDS.map((bound) => `total(d <= ${bound * 1000})`).join();
  const nameOf = (column: string): string => `substr(CAST(${column} AS TEXT), 1, ${MAX_CHARACTERS})`;
  // Another program may have stored a duration that is no number, or an id that is no text.
  const sql = `SELECT max(r), count(*), ${nameOf('agent_id')}, ${nameOf('status')}, count(d), total(d) / 1000.0, ${upTo}
    FROM (SELECT rowid AS r, agent_id, status,
      CASE WHEN typeof(duration_ms) IN ('integer', 'real') AND duration_ms >= 0 THEN duration_ms END AS d
      FROM ${table} WHERE rowid > ?1 ORDER BY rowid LIMIT ${STEP_ROWS})
    GROUP BY 3, 4`;
  const groups = new Map<string, RowGroup>();
  for await (const { rows } of steps(database, sql)) {
    for (const [, count, agent, status, durations, sum, ...bounds] of rows) {
      const counted = {
        rows: Number(count),
        count: Number(durations),
        sum: Number(sum),
        upTo: bounds.map(Number),
      };
      addTo(groups, { agentId: textOf(agent), status: textOf(status), ...counted });
    }
  }
  return [...groups.values()];
}

/** Counts the rows of a table. */
export async function countRows(database: Persistence, table: 'agent_memory'): Promise<number> {
  const sql = `SELECT max(r), count(*)
    FROM (SELECT rowid AS r FROM ${table} WHERE rowid > ?1 ORDER BY rowid LIMIT ${STEP_ROWS})`;
  let count = 0;
  for await (const { rows } of steps(database, sql)) count += Number(rows[0]?.[1]);
  return count;
}

/** @param sql - a query after the row `?1`, whose first two columns are the last row of a group and the number of its rows */
async function* steps(database: Persistence, sql: string): AsyncGenerator<SqlResult, void> {
  let after: SqlResultValue = FIRST_ROWID;
  for (let count = STEP_ROWS; count === STEP_ROWS;) {
    const result = await database.querySql({ sql, parameters: [after], limit: STEP_ROWS });
    count = 0;
    for (const [last, rows] of result.rows) {
      count += Number(rows);
      if (last !== null && last !== undefined && last > after) after = last;
    }
    yield result;
  }
}

function addTo(groups: Map<string, RowGroup>, more: RowGroup): void {
  let key = JSON.stringify([more.status, more.agentId]);
  let agentId = more.agentId;
  if (!groups.has(key) && groups.size >= MAX_GROUPS)
    [key, agentId] = [JSON.stringify([more.status]), undefined];
  const before = groups.get(key);
  groups.set(key, {
    agentId,
    status: more.status,
    rows: (before?.rows ?? 0) + more.rows,
    count: (before?.count ?? 0) + more.count,
    sum: (before?.sum ?? 0) + more.sum,
    upTo: more.upTo.map((value, index) => value + (before?.upTo[index] ?? 0)),
  });
}

/** What is no UTF-8 comes as bytes. */
function textOf(value: SqlResultValue | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value ?? '');
}

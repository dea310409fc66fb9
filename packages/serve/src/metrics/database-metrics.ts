/** Metrics of the stored rows. Each table is read once, and not again until something was saved. */
import type { Info, HistoryStatus, Persistence, SqlResultValue } from '@ggen-sim/core';
import { histogramSamples, type Histogram, type Metric, type Sample } from './exposition.ts';

/** Bounds of the durations in seconds, from a call of a tool to a run of an hour. */
const BOUNDS_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

/** Agents that have samples of their own, the ones with most rows. The others are one, without `agent_id`. */
const MAX_AGENTS = 200;

/** Groups to read at most. */
const MAX_GROUPS = 100_000;

type CountedTable = 'receipts' | 'audit_log';

/** Rows of one agent and status. */
interface Group extends Histogram {
  readonly agentId: string;
  readonly status: string;
  readonly rows: number;
}

/** Reads the metrics of a database. */
export async function databaseMetrics(database: Persistence): Promise<readonly Metric[]> {
  const receipts = await groupsOf(database, 'receipts');
  const audits = await groupsOf(database, 'audit_log');
  const memories = await database.countMemory();
  return [
    { name: 'ggen_sim_receipts', type: 'gauge', help: 'Stored receipts.', samples: rowSamples(receipts) },
    {
      name: 'ggen_sim_receipt_duration_seconds',
      type: 'histogram',
      help: 'Durations of the executions whose receipts are stored.',
      samples: durationSamples(receipts),
    },
    {
      name: 'ggen_sim_audit_entries',
      type: 'gauge',
      help: 'Stored audit entries.',
      samples: rowSamples(audits),
    },
    {
      name: 'ggen_sim_audit_duration_seconds',
      type: 'histogram',
      help: 'Durations of the audited operations that are stored.',
      samples: durationSamples(audits),
    },
    {
      name: 'ggen_sim_memories',
      type: 'gauge',
      help: 'Agents with a stored memory.',
      samples: [{ value: memories }],
    },
  ];
}

/** Makes the metrics of the file and of the change log. */
export function fileMetrics(info: Info, history: HistoryStatus): readonly Metric[] {
  const { programVersion: version, sqliteVersion: sqlite_version } = info;
  return [
    {
      name: 'ggen_sim_build_info',
      type: 'gauge',
      help: 'Versions of the program and of SQLite; always 1.',
      samples: [{ labels: { version, sqlite_version }, value: 1 }],
    },
    {
      name: 'ggen_sim_database_size_bytes',
      type: 'gauge',
      help: 'Size of the database.',
      samples: [{ value: info.sizeBytes }],
    },
    {
      name: 'ggen_sim_change_log_sequence',
      type: 'gauge',
      help: 'Number of the last entry of the change log; absent without one.',
      samples: history.enabled ? [{ value: history.lastSeq }] : [],
    },
  ];
}

async function groupsOf(database: Persistence, table: CountedTable): Promise<readonly Group[]> {
  const upTo = BOUNDS_SECONDS.map((bound) => `total(d <= ${bound * 1000})`).join();
  const { rows } = await database.querySql({
    // Another program may have stored a duration that is no number, or an id that is no text.
    sql: `SELECT CAST(agent_id AS TEXT), CAST(status AS TEXT), count(*), count(d), total(d) / 1000.0, ${upTo}
      FROM (SELECT agent_id, status,
        CASE WHEN typeof(duration_ms) IN ('integer', 'real') AND duration_ms >= 0 THEN duration_ms END AS d
        FROM ${table})
      GROUP BY 1, 2 ORDER BY 3 DESC`,
    limit: MAX_GROUPS,
  });
  return rows.map(([agentId, status, count, durations, sum, ...bounds]) => ({
    agentId: textOf(agentId),
    status: textOf(status),
    rows: Number(count),
    count: Number(durations),
    sum: Number(sum),
    upTo: bounds.map(Number),
  }));
}

/** What is no UTF-8 comes as bytes. */
function textOf(value: SqlResultValue | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value ?? '');
}

function rowSamples(groups: readonly Group[]): Sample[] {
  // The groups are in the order of their rows.
  const named = new Set([...new Set(groups.map(({ agentId }) => agentId))].slice(0, MAX_AGENTS));
  const sums = new Map<string, { labels: Record<string, string>; value: number }>();
  for (const { agentId, status, rows } of groups) {
    const labels = { ...(named.has(agentId) && { agent_id: agentId }), status };
    const key = JSON.stringify(labels);
    sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + rows });
  }
  return [...sums.values()];
}

function durationSamples(groups: readonly Group[]): Sample[] {
  const statuses = [...new Set(groups.map(({ status }) => status))];
  return statuses.flatMap((status) => {
    const own = groups.filter((group) => group.status === status);
    const total = (read: (group: Group) => number): number =>
      own.reduce((sum, group) => sum + read(group), 0);
    return histogramSamples(
      BOUNDS_SECONDS,
      { status },
      {
        upTo: BOUNDS_SECONDS.map((_, index) => total((group) => group.upTo[index] ?? 0)),
        count: total(({ count }) => count),
        sum: total(({ sum }) => sum),
      },
    );
  });
}

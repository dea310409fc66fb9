/** Metrics of the stored rows, of the file and of the change log. */
import type { Info, HistoryStatus, Persistence } from '@ggen-sim/core';
import { histogramSamples, type Metric, type Sample } from './exposition.ts';
import { BOUNDS_SECONDS, countGroups, countRows, type RowGroup } from './row-groups.ts';

/** Agents that have samples of their own, the ones with most rows. The others are one, without `agent_id`. */
const MAX_AGENTS = 200;

/** Counts the rows of a database. */
export async function databaseMetrics(database: Persistence): Promise<readonly Metric[]> {
  const receipts = await countGroups(database, 'receipts');
  const audits = await countGroups(database, 'audit_log');
  const memories = await countRows(database, 'agent_memory');
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
    {
      name: 'ggen_sim_rows_counted_timestamp_seconds',
      type: 'gauge',
      help: 'When the rows were counted, in seconds since 1970.',
      samples: [{ value: Date.now() / 1000 }],
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

function rowSamples(groups: readonly RowGroup[]): Sample[] {
  const rowsOf = new Map<string, number>();
  for (const { agentId, rows } of groups)
    if (agentId !== undefined) rowsOf.set(agentId, (rowsOf.get(agentId) ?? 0) + rows);
  const byRows = [...rowsOf].toSorted(([, one], [, other]) => other - one);
  const named = new Set(byRows.slice(0, MAX_AGENTS).map(([agentId]) => agentId));
  const sums = new Map<string, { labels: Record<string, string>; value: number }>();
  for (const { agentId, status, rows } of groups) {
    const isNamed = agentId !== undefined && named.has(agentId);
    const labels = { ...(isNamed && { agent_id: agentId }), status };
    const key = JSON.stringify(labels);
    sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + rows });
  }
  return [...sums.values()];
}

function durationSamples(groups: readonly RowGroup[]): Sample[] {
  const statuses = [...new Set(groups.map(({ status }) => status))];
  return statuses.flatMap((status) => {
    const own = groups.filter((group) => group.status === status);
    const total = (read: (group: RowGroup) => number): number =>
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

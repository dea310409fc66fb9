/** Queries to begin with. */
export const EXAMPLE_QUERIES: readonly {
  readonly name: string;
  readonly sql: string;
  readonly show?: 'chart';
}[] = [
  {
    name: 'Runs and errors per day, as a chart',
    show: 'chart',
    sql: `SELECT date(created_at) AS day, count(*) AS runs, sum(status = 'error') AS errors
FROM receipts
GROUP BY day
ORDER BY day`,
  },
  {
    name: 'Agents by error rate',
    sql: `SELECT agent_id,
  count(*) AS runs,
  sum(status = 'error') AS errors,
  round(avg(duration_ms)) AS average_ms
FROM receipts
GROUP BY agent_id
ORDER BY 1.0 * errors / runs DESC`,
  },
  {
    name: 'Errors by code',
    sql: `SELECT receipt_json ->> '$.error.code' AS code, count(*) AS runs, max(created_at) AS latest
FROM receipts
WHERE status = 'error' AND json_valid(receipt_json)
GROUP BY code
ORDER BY runs DESC`,
  },
  {
    name: 'Slowest operations',
    sql: `SELECT operation, count(*) AS entries, max(duration_ms) AS longest_ms
FROM audit_log
GROUP BY operation
ORDER BY longest_ms DESC`,
  },
  {
    name: 'What each agent remembers',
    sql: `SELECT m.agent_id, j.key, j.value
FROM agent_memory AS m, json_each(m.memory_json) AS j
WHERE json_valid(m.memory_json)
ORDER BY m.agent_id, j.key`,
  },
];

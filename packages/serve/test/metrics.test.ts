/** `GET /metrics`: the text by its grammar, and its numbers against the rows. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { serveNew, type Served } from './support/served-database.ts';

/** One sample by the grammar of the format; labels may have escapes. */
const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[\d.e+-]+|[+-]Inf|NaN)$/;

/** Scrapes, and checks that every line is one of the format, in the group of its metric. */
async function scrape({ request }: Served): Promise<Map<string, number>> {
  const { status, headers, text } = await request('/metrics');
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text.endsWith('\n')).toBe(true);
  const samples = new Map<string, number>();
  const seen = new Set<string>();
  let [metric, type] = ['', ''];
  for (const line of text.split('\n').slice(0, -1)) {
    const [, declared, word] = /^# (?:HELP (\S+) .+|TYPE \S+ (counter|gauge|histogram))$/.exec(line) ?? [];
    if (declared !== undefined) {
      expect(seen.has(declared)).toBe(false);
      seen.add(declared);
      metric = declared;
    } else if (word === undefined) {
      const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [];
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      expect(
        suffixes.map((suffix) => metric + suffix),
        line,
      ).toContain(name);
      expect(samples.has(`${name}{${labels}}`)).toBe(false);
      samples.set(`${name}{${labels}}`, Number(value?.replace('Inf', 'Infinity')));
    } else type = word;
  }
  return samples;
}

it('counts rows and durations, and reads them again when another connection has saved', async () => {
  const served = await serveNew();
  const empty = await scrape(served);
  expect(empty.get('ggen_sim_memories{}')).toBe(0);
  expect(empty.get('ggen_sim_change_log_sequence{}')).toBe(0);
  const { database } = served;
  const save = (
    executionId: string,
    agentId: string,
    durationMs: number,
    status: 'success' | 'error' = 'success',
  ) => database.saveReceipt({ executionId, agentId, agentType: 't', receipt: '{}', durationMs, status });
  await save('a', 'agent-1', 5);
  await save('b', 'agent-1', 700);
  await save('c', 'agent "2"\n\\', 7_200_000);
  await save('d', 'agent-1', 10, 'error');
  await database.logAudit({ agentId: 'agent-1', operation: 'o', status: 'started' });
  await database.logAudit({ agentId: 'agent-1', operation: 'o', status: 'completed', durationMs: 60_000 });
  await database.saveMemory({ agentId: 'agent-1', agentType: 't', memory: '1' });
  await expect.poll(async () => (await scrape(served)).get('ggen_sim_memories{}')).toBe(1);
  const samples = await scrape(served);
  const of = (name: string): number | undefined => samples.get(name);
  expect(of('ggen_sim_receipts{agent_id="agent-1",status="success"}')).toBe(2);
  expect(of('ggen_sim_receipts{agent_id="agent-1",status="error"}')).toBe(1);
  expect(of(String.raw`ggen_sim_receipts{agent_id="agent \"2\"\n\\",status="success"}`)).toBe(1);
  const duration = 'ggen_sim_receipt_duration_seconds';
  expect(of(`${duration}_bucket{status="success",le="0.01"}`)).toBe(1);
  expect(of(`${duration}_bucket{status="success",le="1"}`)).toBe(2);
  expect(of(`${duration}_bucket{status="success",le="3600"}`)).toBe(2);
  expect(of(`${duration}_bucket{status="success",le="+Inf"}`)).toBe(3);
  expect(of(`${duration}_count{status="success"}`)).toBe(3);
  expect(of(`${duration}_sum{status="success"}`)).toBe(7200.705);
  expect(of(`${duration}_bucket{status="error",le="0.01"}`)).toBe(1);
  expect(of('ggen_sim_audit_entries{agent_id="agent-1",status="started"}')).toBe(1);
  expect(of('ggen_sim_audit_duration_seconds_sum{status="completed"}')).toBe(60);
  expect(of('ggen_sim_change_log_sequence{}')).toBe(7);
  const { sizeBytes } = await database.info();
  expect(of('ggen_sim_database_size_bytes{}')).toBe(sizeBytes);
  expect(of('process_resident_memory_bytes{}')).toBeGreaterThan(1e6);
});

it('keeps the format with what other programs store, and the number of agents bounded', async () => {
  const served = await serveNew();
  const rows = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, duration_ms)
    SELECT 'r' || i, 'e' || i, 'agent-' || i, 't', '{}', 'success', 1 FROM n`;
  const odd = `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, duration_ms)
    VALUES ('x', 'x', CAST(x'ff00' AS TEXT), 't', '{}', 'odd', 'long'), ('y', 'y', x'c3a9', 't', '{}', 'odd', -5),
      ('z', 'z', 'z', 't', '{}', 'odd', 9e999)`;
  execFileSync('sqlite3', [served.file, rows, odd]);
  let samples = await scrape(served);
  await expect.poll(async () => (samples = await scrape(served)).size).toBeGreaterThan(200);
  const named = [...samples].filter(([name]) => name.startsWith('ggen_sim_receipts{agent_id='));
  expect(named).toHaveLength(200);
  const all = [...samples].filter(([name]) => name.startsWith('ggen_sim_receipts{'));
  expect(all.reduce((sum, [, value]) => sum + value, 0)).toBe(303);
  expect(samples.get('ggen_sim_receipt_duration_seconds_count{status="odd"}')).toBe(1);
  expect(samples.get('ggen_sim_receipt_duration_seconds_sum{status="odd"}')).toBe(Infinity);
});

it('counts many rows in steps, answers meanwhile, and has the numbers of before until they are counted', async () => {
  const served = await serveNew({ limits: { metricsMs: 1 } });
  const insert = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
    INSERT INTO audit_log (audit_id, agent_id, operation, status, duration_ms)
    SELECT 'r' || i, 'agent-' || (i % 3), 'o', 'completed', 1 FROM n`;
  execFileSync('sqlite3', [served.file, `${insert}; UPDATE audit_log SET rowid = -5 WHERE audit_id = 'r7'`]);
  const count = 'ggen_sim_audit_duration_seconds_count{status="completed"}';
  const counted = 'ggen_sim_rows_counted_timestamp_seconds{}';
  const first = await scrape(served);
  expect(first.has('ggen_sim_database_size_bytes{}')).toBe(true);
  expect([first.has(count), first.has(counted)]).toEqual([false, false]);
  let samples = first;
  while (!samples.has(count)) samples = await scrape(served);
  expect(samples.get(count)).toBe(30_000);
  expect(samples.get('ggen_sim_audit_entries{agent_id="agent-1",status="completed"}')).toBe(10_000);
  // It tells when they were counted, also after more was saved.
  await served.database.logAudit({ agentId: 'agent-1', operation: 'o', status: 'completed', durationMs: 1 });
  expect((await scrape(served)).get(counted)).toBe(samples.get(counted));
});

it('needs the token, and tells a failure of the database as one', async () => {
  const { request } = await serveNew();
  expect((await request('/metrics', { hasToken: false })).status).toBe(401);
  const { request: withoutLog } = await serveNew({}, false);
  const { text } = await withoutLog('/metrics');
  expect(text).not.toContain('change_log');
});

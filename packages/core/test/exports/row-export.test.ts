/** Exports of every table, with filters and compression. */
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { auditOf, memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

it('exports the rows of each table that pass the filters, also compressed', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.record({
    receipts: upTo(1200).map((n) =>
      receiptOf(`e-${n}`, { status: n % 2 ? 'success' : 'error', receipt: `{"n":${n}}` }),
    ),
    memories: [memoryOf('m')],
    audits: [auditOf('render'), auditOf('read', { status: 'failed' })],
  });
  const filters = { status: 'error', execution: 'e-*', where: '$.n < 1000' };
  const plain = database.path('receipts.ndjson');
  const packed = database.path('receipts.ndjson.gz');
  const options = { table: 'receipts', format: 'ndjson', ...filters, order: 'oldest-first' } as const;
  expect(await db.exportRows({ ...options, output: plain })).toMatchObject({ path: plain, rows: 500 });
  const report = await db.exportRows({ ...options, output: packed, gzip: true });
  expect(report).toEqual({ path: packed, rows: 500, bytes: fs.statSync(packed).size });
  expect(gunzipSync(fs.readFileSync(packed)).equals(fs.readFileSync(plain))).toBe(true);
  expect(fs.statSync(packed).size).toBeLessThan(fs.statSync(plain).size);
  expect(fs.statSync(packed).mode & 0o777).toBe(0o600);
  const lines = fs.readFileSync(plain, 'utf8').trimEnd().split('\n');
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    execution_id: 'e-2',
    receipt_json: '{"n":2}',
  });
  const memory = database.path('memory.json');
  await db.exportRows({ table: 'agent_memory', agentExact: 'm', output: memory, rawJson: true });
  expect(JSON.parse(fs.readFileSync(memory, 'utf8'))).toMatchObject([{ memory_json: { active: true } }]);
  const audit = database.path('audit.csv');
  await db.exportRows({ table: 'audit_log', operation: 'rea*', format: 'csv', output: audit });
  expect(fs.readFileSync(audit, 'utf8')).toMatch(/^audit_id,[^]*,read,,failed,/);
  await db.exportAuditTrail({ output: audit, format: 'csv', status: 'completed', gzip: true });
  expect(String(gunzipSync(fs.readFileSync(audit)))).toMatch(/,render,/);
});

it('refuses wrong options and outputs, and leaves no file', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('e'));
  const output = database.path('out');
  for (const wrong of [
    {},
    { table: 'sqlite_schema' },
    { table: 'receipts', operation: 'o' },
    { table: 'receipts', gzip: 'yes' },
    { table: 'receipts', format: 'csv', rawJson: true },
    { table: 'agent_memory', order: 'longest-first' },
    { table: 'receipts', where: 'x' },
    { table: 'receipts', output: database.file, gzip: true },
  ]) {
    const error = await rejectionOf(db.exportRows({ output, ...wrong } as never));
    expect(error, JSON.stringify(wrong)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  const abort = new AbortController();
  abort.abort(new Error('enough'));
  const aborted = await rejectionOf(
    db.exportRows({ table: 'receipts', output, gzip: true, signal: abort.signal }),
  );
  expect(aborted).toMatchObject({ code: 'ABORTED' });
  const failing = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error('full')) });
  expect(await rejectionOf(db.exportRows({ table: 'receipts', output: failing, gzip: true }))).toMatchObject({
    code: 'IO_ERROR',
  });
  expect(fs.existsSync(output)).toBe(false);
});

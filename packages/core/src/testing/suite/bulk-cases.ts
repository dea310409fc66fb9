import type { ImportReport, Persistence, RowImportOptions, TableName } from '../../api/persistence.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

/** Collects what is written to a stream. */
function collector(): { readonly output: WritableStream<Uint8Array>; readonly chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  return { output: new WritableStream({ write: (chunk) => void chunks.push(chunk) }), chunks };
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

const importText = (
  db: Persistence,
  table: TableName,
  text: string,
  options: Partial<RowImportOptions> = {},
): Promise<ImportReport> =>
  db.importRows({ table, input: streamOf([new TextEncoder().encode(text)]), ...options });

/** Receipts of every kind: new ones, stored ones with the same and other values, ones that refuse each other, broken ones. */
function mixedReceipts(): string {
  const row = { agent_id: 'a', agent_type: 't', receipt_json: '{}' };
  return [
    ...Array.from({ length: 4500 }, (_, index) => ({
      ...row,
      execution_id: `new-${index % 4400}`,
      receipt_id: index % 2 === 0 ? `r-${index}` : undefined,
    })),
    { ...row, receipt_id: 'r-1', execution_id: 'new-1' },
    { ...row, receipt_id: 'r-1', execution_id: 'another' },
    { ...row, receipt_id: 'stored', execution_id: 'stored' },
    { ...row, receipt_id: 'stored', execution_id: 'stored', agent_id: 'b' },
    { ...row, receipt_id: 'new', execution_id: 'stored' },
    { ...row, execution_id: 'stored' },
    { ...row, execution_id: 'without-id' },
    { ...row, execution_id: 'without-id' },
    { ...row, execution_id: null },
    { ...row, execution_id: 'x', receipt_json: '{' },
    { ...row, execution_id: 'y', other: 1 },
    'no row',
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');
}

export const bulkCases: readonly PersistenceCase[] = [
  {
    title: 'import: a dry run reports what the import will, and stores nothing',
    async run({ open, expect }) {
      const db = await open();
      const stored = {
        receipt_id: 'stored',
        execution_id: 'stored',
        agent_id: 'a',
        agent_type: 't',
        receipt_json: '{}',
      };
      for (const options of [
        {},
        { ifAbsent: true },
        { acceptInvalid: true },
        { ifAbsent: true, acceptInvalid: true },
      ]) {
        await db.reset();
        const first = await importText(db, 'receipts', JSON.stringify(stored), { acceptInvalid: true });
        expect([first.rows, first.refused]).toEqual([1, 0]);
        const dry = await importText(db, 'receipts', mixedReceipts(), { ...options, dryRun: true });
        expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['stored']);
        const real = await importText(db, 'receipts', mixedReceipts(), options);
        expect(dry).toEqual(real);
        expect((await db.stats()).receiptsTotal).toBe(1 + real.rows);
      }
      // Some storages verify at the end what a case has left, and these rows break rules.
      await db.reset();
    },
  },
  {
    title: 'export, import: what is exported can be imported again, row for row',
    async run({ open, expect }) {
      const db = await open();
      const fill = (): Promise<unknown> =>
        db.record({
          receipts: upTo(1100).map((n) =>
            receiptOf(`exec-${n}`, { receipt: `{"n":${n},"text":"a \\"b\\",\\n😀"}`, durationMs: n }),
          ),
          memories: [memoryOf('a', { memory: '{ "n": 9007199254740993 }' }), memoryOf('b')],
          audits: [auditOf('o', { details: '' }), auditOf('p', { errorMessage: 'a,\r\n"b"' })],
        });
      for (const [table, query] of [
        ['receipts', () => db.queryReceipts({ limit: 2000 })],
        ['agent_memory', () => db.queryMemory()],
        ['audit_log', () => db.queryAuditTrail()],
      ] as const) {
        for (const [format, gzip] of [
          ['ndjson', true],
          ['json', false],
          ['csv', false],
        ] as const) {
          await db.reset();
          await fill();
          const before = await query();
          const { output, chunks } = collector();
          const { rows } = await db.exportRows({ table, format, gzip, output, order: 'oldest-first' });
          expect(rows).toBe(before.length);
          const again = await db.importRows({ table, format, input: streamOf(chunks), ifAbsent: true });
          expect(again).toEqual({ rows: 0, alreadyStored: rows, refused: 0, refusedLines: [] });
          await db.reset();
          const imported = await db.importRows({ table, format, input: streamOf(chunks) });
          expect([imported.rows, imported.refused]).toEqual([rows, 0]);
          expect(await query()).toEqual(before);
          expect((await db.verify()).problems).toEqual([]);
        }
      }
    },
  },
  {
    title:
      'import: a row gets what it leaves out, a wrong one is refused by its line, and the others are stored',
    async run({ open, refused, expect }) {
      const db = await open();
      const line = (executionId: string, more: object = {}): string =>
        JSON.stringify({
          execution_id: executionId,
          agent_id: 'a',
          agent_type: 't',
          receipt_json: '{}',
          ...more,
        });
      const text = [
        line('e-1'),
        '',
        '{"execution_id":',
        line('e-2', { status: 'done' }),
        line('e-3', { receipt_json: '{' }),
        line('e-4', { colour: 'red' }),
        line('e-5', { receipt_json: { n: 1 } }),
        line('e-1', { agent_id: 'b' }),
        line('e-6', { receipt_id: 'f'.repeat(64) }),
        line('e-7', { agent_id: null }),
        '[1]',
        line('e-8', { created_at: '2026-01-01 00:00:00', duration_ms: 5 }),
      ].join('\r\n');
      const report = await importText(db, 'receipts', text);
      expect([report.rows, report.alreadyStored, report.refused]).toEqual([2, 0, 9]);
      expect(report.refusedLines.map((refusal) => refusal.line)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
      const reasons = report.refusedLines.map(({ reason }) => reason).join('\n');
      expect(reasons).toMatch(
        /^it is not one[^]*status[^]*JSON[^]*no column "colour"[^]*not a text[^]*stored already[^]*receipt_id is[^]*agent_id is NULL[^]*not one/,
      );
      const [first, second] = await db.queryReceipts({ order: 'oldest-first' });
      expect([first?.executionId, first?.createdAt, first?.durationMs]).toEqual([
        'e-8',
        '2026-01-01 00:00:00',
        5,
      ]);
      const saved = await db.saveReceipt({
        executionId: 'e-1',
        agentId: 'a',
        agentType: 't',
        receipt: '{}',
        ifAbsent: true,
      });
      expect(saved).toEqual({ receiptId: second?.receiptId, created: false });
      const same = await importText(db, 'receipts', line('e-1'), { ifAbsent: true });
      expect([same.alreadyStored, same.refused]).toEqual([1, 0]);
      const other = await importText(db, 'receipts', line('e-1', { agent_id: 'b' }), { ifAbsent: true });
      expect([other.alreadyStored, other.refused]).toEqual([0, 1]);
      // JSON can hold what no text in UTF-8 is, and integers that are in no id.
      const beyond = [
        line('e-9', { agent_id: '\ud800' }),
        line('e-10', { duration_ms: 0 }).replace(':0', ':9007199254740993'),
      ].join('\n');
      const { rows: rowsBeyond, refusedLines } = await importText(db, 'receipts', beyond);
      expect(rowsBeyond).toBe(0);
      expect(refusedLines.map(({ reason }) => reason).join()).toMatch(/agent_id.*surrogate.*whole number/);
      // The id is that of the content, and the time is no part of it.
      const later = line('e-8', { created_at: '2026-01-02 00:00:00', duration_ms: 5 });
      const changed = await importText(db, 'receipts', later, { ifAbsent: true });
      expect([changed.alreadyStored, changed.refused]).toEqual([0, 1]);
      const csv = 'agent_id,agent_type,memory_json\n"a","t","{""n"":\n1}"\nb,t\nc,t,"open';
      const memory = await importText(db, 'agent_memory', csv, { format: 'csv' });
      expect(memory.refusedLines.map((refusal) => refusal.line)).toEqual([4, 5]);
      expect(await db.getMemory('a')).toBe('{"n":\n1}');
      expect((await db.verify()).problems).toEqual([]);
      await refused(db.importRows({ table: 'receipts', input: 'x' } as never), 'INVALID_ARGUMENT', /input/);
      await refused(importText(db, 'x' as never, ''), 'INVALID_ARGUMENT', /table/);
      await refused(importText(db, 'receipts', '', { format: 'xml' as never }), 'INVALID_ARGUMENT', /format/);
    },
  },
  {
    title: 'import: an abort leaves whole batches, and importing again goes on',
    async run({ open, refused, expect }) {
      const db = await open();
      const encoder = new TextEncoder();
      const lines = upTo(5000).map((n) =>
        encoder.encode(`{"execution_id":"e-${n}","agent_id":"a","agent_type":"t","receipt_json":"{}"}\n`),
      );
      const abort = new AbortController();
      const input = streamOf(lines.slice(0, 4500));
      const running = db.importRows({
        table: 'receipts',
        input,
        signal: abort.signal,
        onProgress: () => abort.abort(new Error('enough')),
      });
      await refused(running, 'ABORTED', /rows are imported/);
      const stored = await db.countReceipts();
      expect(stored % 2000).toBe(0);
      expect(stored).toBeGreaterThan(0);
      const report = await db.importRows({ table: 'receipts', input: streamOf(lines), ifAbsent: true });
      expect(report).toEqual({ rows: 5000 - stored, alreadyStored: stored, refused: 0, refusedLines: [] });
      const failing = new ReadableStream<Uint8Array>({
        pull: () => Promise.reject(new Error('unplugged')),
      });
      await refused(db.importRows({ table: 'receipts', input: failing }), 'IO_ERROR', /Cannot read/);
      const broken = streamOf([new Uint8Array([0x1f, 0x8b, 1, 2, 3])]);
      await refused(db.importRows({ table: 'receipts', input: broken }), 'IO_ERROR', /Cannot read/);
    },
  },
];

import { type PersistenceCase, auditOf, collect, upTo } from '../persistence-case.ts';

const decode = (chunks: readonly Uint8Array[]): string => {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode();
};

function collector(): { stream: WritableStream<Uint8Array>; text: () => string; closed: () => boolean } {
  const chunks: Uint8Array[] = [];
  let closed = false;
  const stream = new WritableStream<Uint8Array>({
    write: (chunk) => void chunks.push(chunk.slice()),
    close: () => void (closed = true),
  });
  return { stream, text: () => decode(chunks), closed: () => closed };
}

export const auditCases: readonly PersistenceCase[] = [
  {
    title: 'audit: logs an entry with default values, and one with every field',
    needs: 'clock',
    async run({ open, expect }) {
      const db = await open();
      const { auditId } = await db.logAudit(auditOf('validate_schema'));
      const full = auditOf('render_template', {
        status: 'failed',
        operationType: 'rendering',
        durationMs: 12,
        details: '',
        errorMessage: 'Template not found: layout.tera',
      });
      await db.logAudit(full);
      const [second, first] = await db.queryAuditTrail();
      expect(first).toEqual({
        auditId,
        timestamp: '2026-01-29 18:00:00',
        agentId: 'validator-1',
        operation: 'validate_schema',
        operationType: null,
        status: 'completed',
        durationMs: 0,
        details: null,
        errorMessage: null,
      });
      expect(second).toEqual({ ...full, auditId: second?.auditId, timestamp: '2026-01-29 18:00:00' });
    },
  },
  {
    title: 'audit: logs many entries together, all or none',
    async run({ open, refused, expect }) {
      const db = await open();
      await refused(db.logAudits([auditOf('a'), auditOf('')]), 'INVALID_ARGUMENT', /operation/);
      expect(await db.queryAuditTrail()).toEqual([]);
      const logged = await db.logAudits(upTo(1500).map((index) => auditOf(`op-${index}`)));
      expect(new Set(logged.map(({ auditId }) => auditId)).size).toBe(1500);
      expect(await db.logAudits([])).toEqual([]);
    },
  },
  {
    title: 'audit: by default a query returns 1000 entries of 7 days, newest first',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.logAudits(upTo(5).map((index) => auditOf(`old-${index}`)));
      clock.forwardDays(8);
      await db.logAudits(upTo(1005).map((index) => auditOf(`new-${index}`)));
      const recent = await db.queryAuditTrail();
      expect(recent.length).toBe(1000);
      expect(recent.slice(0, 2).map(({ operation }) => operation)).toEqual(['new-1004', 'new-1003']);
      expect((await db.queryAuditTrail({ limit: 5000 })).length).toBe(1005);
      const all = await db.queryAuditTrail({ days: 8, limit: 5000 });
      expect(all.length).toBe(1010);
      expect(all.at(-1)?.operation).toBe('old-0');
      expect(await collect(db.queryAuditTrail({ days: 8, limit: 5000 }))).toEqual(all);
      expect((await db.queryAuditTrail({ days: 0, limit: 5000 })).length).toBe(1005);
      const order = 'oldest-first';
      expect(await db.queryAuditTrail({ days: 8, limit: 5000, order })).toEqual(all.toReversed());
      expect(await collect(db.queryAuditTrail({ days: 8, limit: 5000, order }))).toEqual(all.toReversed());
      expect((await db.queryAuditTrail({ order }))[0]?.operation).toBe('new-0');
      clock.forwardSeconds(1);
      expect(await db.queryAuditTrail({ days: 0 })).toEqual([]);
      expect((await db.queryAuditTrail({ days: 3_000_000, limit: 5000 })).length).toBe(1010);
    },
  },
  {
    title: 'audit: a query filters by a pattern over the agent',
    async run({ open, expect }) {
      const db = await open();
      await db.logAudits(['agent-1', 'agent-2', 'other'].map((agentId) => auditOf('op', { agentId })));
      expect((await db.queryAuditTrail({ agent: 'agent-*' })).map(({ agentId }) => agentId)).toEqual([
        'agent-2',
        'agent-1',
      ]);
    },
  },
  {
    title: 'audit: exports the whole trail to a stream and closes it',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.logAudit(auditOf('old', { agentId: 'other' }));
      clock.forwardDays(400);
      await db.logAudits(upTo(1200).map((index) => auditOf(`op-${index}`, { details: 'ü,"\n' })));
      const json = collector();
      const report = await db.exportAuditTrail({ output: json.stream });
      expect(report).toEqual({ path: null, rows: 1201, bytes: new TextEncoder().encode(json.text()).length });
      expect(json.closed()).toBe(true);
      const rows = JSON.parse(json.text()) as Record<string, unknown>[];
      expect(rows.length).toBe(1201);
      expect(Object.keys(rows[0] ?? {})).toEqual([
        'audit_id',
        'timestamp',
        'agent_id',
        'operation',
        'operation_type',
        'status',
        'duration_ms',
        'details',
        'error_message',
      ]);
      expect([rows[0]?.['operation'], rows.at(-1)?.['operation']]).toEqual(['op-1199', 'old']);
      const lines = collector();
      await db.exportAuditTrail({ output: lines.stream, format: 'ndjson', days: 7, agent: 'validator-*' });
      const parsed = lines
        .text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
      expect(parsed).toEqual(rows.slice(0, 1200));
      const csv = collector();
      await db.exportAuditTrail({ output: csv.stream, format: 'csv', agent: 'other' });
      expect(csv.text()).toMatch(
        /^audit_id,timestamp,.*\r\n[^\r]*,2026-01-29 18:00:00,other,old,,completed,0,,\r\n$/,
      );
    },
  },
  {
    title: 'audit: exports an empty trail as []',
    async run({ open, expect }) {
      const db = await open();
      const { stream, text } = collector();
      expect(await db.exportAuditTrail({ output: stream })).toEqual({ path: null, rows: 0, bytes: 3 });
      expect(text()).toBe('[]\n');
    },
  },
];

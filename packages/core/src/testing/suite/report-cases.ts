import { type PersistenceCase, auditOf, memoryOf, receiptOf } from '../persistence-case.ts';

export const reportCases: readonly PersistenceCase[] = [
  {
    title: 'stats: returns counts, size and the newest receipt; zeros for an empty database',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      const { databaseSizeKb, ...empty } = await db.stats();
      expect(empty).toEqual({
        receiptsTotal: 0,
        receiptsSuccess: 0,
        receiptsError: 0,
        agentsTracked: 0,
        auditEntries: 0,
        lastReceipt: null,
      });
      expect(databaseSizeKb).toBe(Math.ceil((await db.info()).sizeBytes / 1024));
      await db.saveReceipts([
        receiptOf('a'),
        receiptOf('b', { status: 'error' }),
        receiptOf('c', { status: 'partial' }),
      ]);
      clock.forwardSeconds(61);
      await db.record({
        receipts: [receiptOf('d')],
        memories: [memoryOf('m')],
        audits: [auditOf('o'), auditOf('p')],
      });
      const { databaseSizeKb: _, ...stats } = await db.stats();
      expect(stats).toEqual({
        receiptsTotal: 4,
        receiptsSuccess: 2,
        receiptsError: 1,
        agentsTracked: 1,
        auditEntries: 2,
        lastReceipt: '2026-01-29 18:01:01',
      });
    },
  },
  {
    title: 'analytics: an operation counts once, when it ends',
    needs: 'clock',
    async run({ open, expect }) {
      const db = await open();
      await db.logAudits([
        auditOf('a', { status: 'started', durationMs: 0 }),
        auditOf('a', { status: 'retry', durationMs: 9000 }),
        auditOf('a', { status: 'completed', durationMs: 100 }),
        auditOf('b', { status: 'failed', durationMs: 33 }),
        auditOf('c', { status: 'completed', durationMs: 1 }),
        auditOf('d', { agentId: 'waiting', status: 'started' }),
      ]);
      await db.saveReceipts([
        receiptOf('a', { durationMs: 10 }),
        receiptOf('b', { durationMs: 11 }),
        receiptOf('c', { durationMs: 5, status: 'error' }),
      ]);
      expect(await db.analytics()).toEqual({
        period: 'last-7-days',
        generatedAt: '2026-01-29T18:00:00Z',
        agentMetrics: [
          {
            agentId: 'validator-1',
            totalOperations: 3,
            successfulOperations: 2,
            failedOperations: 1,
            avgDurationMs: 44.67,
            minDurationMs: 1,
            maxDurationMs: 100,
          },
          {
            agentId: 'waiting',
            totalOperations: 0,
            successfulOperations: 0,
            failedOperations: 0,
            avgDurationMs: null,
            minDurationMs: null,
            maxDurationMs: null,
          },
        ],
        receiptStatistics: [
          { status: 'success', count: 2, avgDurationMs: 10.5 },
          { status: 'error', count: 1, avgDurationMs: 5 },
        ],
      });
    },
  },
  {
    title: 'analytics: covers its period and the agents of its pattern',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      for (const name of ['100-days', '60-days', '20-days', '5-days', 'now']) {
        await db.record({
          audits: [auditOf(name), auditOf(name, { agentId: 'other' })],
          receipts: [receiptOf(name), receiptOf(`other-${name}`, { agentId: 'other' })],
        });
        clock.forwardDays({ '100-days': 40, '60-days': 40, '20-days': 15, '5-days': 5, now: 0 }[name] ?? 0);
      }
      const periods = ['last-24-hours', 'last-7-days', 'last-30-days', 'last-90-days'] as const;
      for (const [index, period] of periods.entries()) {
        const report = await db.analytics({ agent: 'valid*', period });
        expect(report.agentMetrics.map(({ agentId, totalOperations }) => [agentId, totalOperations])).toEqual(
          [['validator-1', index + 1]],
        );
        expect(report.receiptStatistics).toEqual([{ status: 'success', count: index + 1, avgDurationMs: 0 }]);
        expect(report.period).toBe(period);
      }
      expect((await db.analytics()).agentMetrics.map(({ agentId }) => agentId)).toEqual([
        'other',
        'validator-1',
      ]);
    },
  },
  {
    title: 'analytics: returns empty lists for an empty database',
    async run({ open, expect }) {
      const { agentMetrics, receiptStatistics } = await (await open()).analytics();
      expect([agentMetrics, receiptStatistics]).toEqual([[], []]);
    },
  },
];

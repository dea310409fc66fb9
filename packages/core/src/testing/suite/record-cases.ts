import { type PersistenceCase, auditOf, memoryOf, receiptOf } from '../persistence-case.ts';

export const recordCases: readonly PersistenceCase[] = [
  {
    title: 'record: writes entries, receipts and memories together',
    needs: 'clock',
    async run({ open, expect }) {
      const db = await open();
      const recorded = await db.record({
        audits: [auditOf('validate', { status: 'started' }), auditOf('validate', { durationMs: 7 })],
        receipts: [receiptOf('exec-1')],
        memories: [memoryOf('validator-1')],
      });
      expect([recorded.audits.length, recorded.receipts.length, recorded.memories.length]).toEqual([2, 1, 1]);
      expect(recorded.memories[0]?.version).toBe(1);
      const trail = await db.queryAuditTrail();
      expect(trail.map(({ auditId }) => auditId)).toEqual(
        recorded.audits.map(({ auditId }) => auditId).toReversed(),
      );
      expect(trail.map(({ status }) => status)).toEqual(['completed', 'started']);
    },
  },
  {
    title: 'record: writes nothing if any row is refused',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('taken'));
      const before = await db.stats();
      await refused(
        db.record({
          audits: [auditOf('a')],
          memories: [memoryOf('m')],
          receipts: [receiptOf('new'), receiptOf('taken')],
        }),
        'DUPLICATE_EXECUTION',
      );
      await refused(
        db.record({ audits: [auditOf('a')], memories: [memoryOf('')] }),
        'INVALID_ARGUMENT',
        /agentId/,
      );
      await refused(
        db.record({ audits: [auditOf('a')], receipts: [receiptOf('x', { receipt: '[' })] }),
        'INVALID_JSON',
      );
      expect(await db.stats()).toEqual(before);
    },
  },
  {
    title: 'record: an empty batch does nothing',
    async run({ open, expect }) {
      const db = await open();
      const recorded = await db.record({});
      expect([recorded.audits, recorded.receipts, recorded.memories]).toEqual([[], [], []]);
    },
  },
  {
    title: 'record: among concurrent writes, only the refused ones fail',
    async run({ open, expect }) {
      const db = await open();
      const outcomes = await Promise.allSettled(
        ['a', 'b', 'a', 'c', 'b'].map((executionId) => db.saveReceipt(receiptOf(executionId))),
      );
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
      ]);
      expect((await db.stats()).receiptsTotal).toBe(3);
    },
  },
];

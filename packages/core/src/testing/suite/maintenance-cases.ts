import type { Progress } from '../../api/persistence.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

const FILLER = `"${'x'.repeat(500)}"`;

export const maintenanceCases: readonly PersistenceCase[] = [
  {
    title: 'cleanup: deletes old receipts and audit entries, never memory, and frees their space',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.record({
        receipts: upTo(2500).map((index) => receiptOf(`old-${index}`, { receipt: FILLER })),
        audits: upTo(30).map((index) => auditOf(`old-${index}`)),
        memories: [memoryOf('old')],
      });
      clock.forwardDays(90);
      await db.record({ receipts: [receiptOf('edge')], audits: [auditOf('edge')] });
      clock.forwardSeconds(1);
      const planned = await db.cleanup({ dryRun: true });
      expect([planned.receiptsDeleted, planned.auditEntriesDeleted, planned.dryRun]).toEqual([
        2500,
        30,
        true,
      ]);
      expect([planned.days, planned.before]).toEqual([90, '2026-01-29 18:00:01']);
      expect(planned.sizeAfterBytes).toBe(planned.sizeBeforeBytes);
      expect((await db.stats()).receiptsTotal).toBe(2501);
      const progress: Progress[] = [];
      const done = await db.cleanup({ onProgress: (step) => void progress.push(step) });
      expect([done.receiptsDeleted, done.auditEntriesDeleted, done.dryRun]).toEqual([2500, 30, false]);
      // The change log keeps an entry of each deleted row.
      expect(done.sizeAfterBytes).toBeLessThan(done.sizeBeforeBytes / 4);
      expect((await db.info()).sizeBytes).toBe(done.sizeAfterBytes);
      expect(progress.map(({ stage }) => stage).includes('receipts')).toBe(true);
      const { receiptsTotal, auditEntries, agentsTracked } = await db.stats();
      expect([receiptsTotal, auditEntries, agentsTracked]).toEqual([1, 1, 1]);
      expect((await db.cleanup()).receiptsDeleted).toBe(0);
    },
  },
  {
    title: 'cleanup: keeps rows up to the given age in days',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('a'));
      clock.forwardDays(3);
      expect((await db.cleanup({ days: 3 })).receiptsDeleted).toBe(0);
      expect((await db.cleanup({ days: 2 })).receiptsDeleted).toBe(1);
    },
  },
  {
    title: 'cleanup: an abort half way keeps the other rows and says what was deleted',
    needs: 'clock',
    async run({ open, clock, refused, expect }) {
      const db = await open();
      await db.saveReceipts(upTo(5000).map((index) => receiptOf(`old-${index}`)));
      clock.forwardDays(100);
      await refused(db.cleanup({ signal: AbortSignal.abort() }), 'ABORTED');
      expect((await db.stats()).receiptsTotal).toBe(5000);
      const stop = new AbortController();
      const stopped = db.cleanup({ signal: stop.signal, onProgress: () => stop.abort() });
      let deleted = 0;
      await stopped.catch(({ message }: Error) => {
        deleted = Number(/(\d+) receipts and 0 audit entries were deleted/.exec(message)?.[1]);
      });
      await refused(stopped, 'ABORTED');
      expect((await db.stats()).receiptsTotal).toBe(5000 - deleted);
      expect(deleted % 2000).toBe(0);
      expect((await db.verify()).ok).toBe(true);
      expect((await db.cleanup()).receiptsDeleted).toBe(5000 - deleted);
    },
  },
  {
    title: 'reset: leaves an empty database that works',
    async run({ open, expect }) {
      const db = await open();
      await db.record({ receipts: [receiptOf('a')], memories: [memoryOf('m')], audits: [auditOf('o')] });
      await db.reset();
      const { databaseSizeKb: _, ...stats } = await db.stats();
      expect(stats).toEqual({
        receiptsTotal: 0,
        receiptsSuccess: 0,
        receiptsError: 0,
        agentsTracked: 0,
        auditEntries: 0,
        lastReceipt: null,
      });
      expect((await db.saveMemory(memoryOf('m'))).version).toBe(1);
      expect((await db.saveReceipt(receiptOf('a'))).created).toBe(true);
      expect((await db.verify()).ok).toBe(true);
    },
  },
  {
    title: 'verify: reports an intact database as ok, with the number of receipts verified',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.record({
        receipts: upTo(1200).map((index) => receiptOf(`e-${index}`, { durationMs: index })),
        memories: [memoryOf('m')],
        audits: [auditOf('o')],
      });
      const { schemaVersion } = await db.info();
      expect(await db.verify()).toEqual({
        ok: true,
        schemaVersion,
        receiptsVerified: 1200,
        receiptsImported: 0,
        receiptsRedacted: 0,
        history: {
          entries: 1202,
          rowsVerified: 1202,
          rowsDeleted: 0,
          entriesRedacted: 0,
          rowsWithoutHash: 0,
          rowsNotLogged: 0,
        },
        problemCount: 0,
        problems: [],
      });
      await refused(db.verify({ signal: AbortSignal.abort() }), 'ABORTED');
    },
  },
];

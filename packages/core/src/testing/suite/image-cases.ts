import { type PersistenceCase, auditOf, memoryOf, receiptOf } from '../persistence-case.ts';

const SQLITE_MAGIC = 'SQLite format 3\0';

export const imageCases: readonly PersistenceCase[] = [
  {
    title: 'image: holds the bytes of an SQLite file, and importing it replaces every row',
    async run({ open, expect }) {
      const db = await open();
      await db.record({ receipts: [receiptOf('a')], memories: [memoryOf('m')], audits: [auditOf('o')] });
      const rows = await db.queryReceipts();
      const image = await db.exportImage();
      expect(new TextDecoder().decode(image.subarray(0, 16))).toBe(SQLITE_MAGIC);
      await db.reset();
      await db.saveReceipt(receiptOf('other'));
      await db.importImage(image);
      expect(await db.queryReceipts()).toEqual(rows);
      const { receiptsTotal, agentsTracked, auditEntries } = await db.stats();
      expect([receiptsTotal, agentsTracked, auditEntries]).toEqual([1, 1, 1]);
      await db.saveReceipt(receiptOf('b'));
      expect((await db.verify()).receiptsVerified).toBe(2);
    },
  },
  {
    title: 'image: refuses other files and damaged databases and changes nothing',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('a'));
      const image = await db.exportImage();
      await refused(db.importImage(new TextEncoder().encode('hello')), 'NOT_A_DATABASE');
      await refused(db.importImage(new TextEncoder().encode('hello '.repeat(1000))), 'NOT_A_DATABASE');
      await refused(db.importImage(new Uint8Array(0)), 'NOT_A_DATABASE');
      await refused(db.importImage('bytes' as unknown as Uint8Array), 'INVALID_ARGUMENT');
      await refused(db.importImage(image.subarray(0, image.length >> 1)), 'CORRUPT');
      const damaged = image.slice();
      damaged.fill(0xa5, 100, 400);
      await refused(db.importImage(damaged), 'CORRUPT');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['a']);
    },
  },
  {
    title: 'image: an import that is aborted changes nothing; one that is not tells its stages',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('imported'));
      const image = await db.exportImage();
      await db.reset();
      await db.saveReceipt(receiptOf('kept'));
      const stop = new AbortController();
      const running = db.importImage({ image, signal: stop.signal });
      stop.abort();
      await refused(running, 'ABORTED');
      await refused(db.importImage({ image, signal: AbortSignal.abort() }), 'ABORTED');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
      const stages: string[] = [];
      await db.importImage({ image, onProgress: ({ stage }) => void stages.push(stage) });
      expect(stages[0]).toBe('check');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['imported']);
    },
  },
];

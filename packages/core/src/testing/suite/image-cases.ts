import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

const SQLITE_MAGIC = 'SQLite format 3\0';

/** @param atEnd - what happens in place of the stream's end */
function streamOf(
  chunks: readonly unknown[],
  atEnd: (controller: ReadableStreamDefaultController) => void = (controller) => controller.close(),
): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      if (rest.length > 0) controller.enqueue(rest.shift() as Uint8Array);
      else atEnd(controller);
    },
  });
}

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
      // The image has arrived whole, and not its end.
      const unended = streamOf([image], () => stop.abort());
      await refused(db.importImage({ image: unended, signal: stop.signal }), 'ABORTED');
      await refused(db.importImage({ image, signal: AbortSignal.abort() }), 'ABORTED');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
      const stages: string[] = [];
      await db.importImage({ image, onProgress: ({ stage }) => void stages.push(stage) });
      expect(stages[0]).toBe('check');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['imported']);
    },
  },
  {
    title: 'image: comes as a stream as well, and is inspected without a change',
    async run({ open, expect }) {
      const db = await open();
      // More than one piece of those in which it crosses to a worker or a server.
      const receipt = { text: 'x'.repeat(1000) };
      await db.saveReceipts(upTo(2000).map((index) => receiptOf(`e-${index}`, { receipt })));
      await db.saveMemory(memoryOf('m'));
      const rows = await db.queryReceipts();
      const image = await db.exportImage();
      expect(image.length > 2_000_000).toBe(true);
      await db.reset();
      await db.saveReceipt(receiptOf('kept'));
      for (const given of [image, streamOf([image]), streamOf([image.slice(0, 1000), image.slice(1000)])]) {
        const { verification, ...counts } = await db.inspectImage({ image: given });
        expect(counts).toEqual({ receipts: 2000, memories: 1, auditEntries: 0, otherTables: [] });
        expect([verification.ok, verification.receiptsVerified]).toEqual([true, 2000]);
        expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
      }
      const stages = new Set<string>();
      await db.importImage({
        image: streamOf([image.slice(0, 1000), image.slice(1000)]),
        onProgress: ({ stage }) => void stages.add(stage),
      });
      expect([...stages].slice(0, 2)).toEqual(['read', 'check']);
      expect(await db.queryReceipts()).toEqual(rows);
      expect((await db.verify()).ok).toBe(true);
    },
  },
  {
    title: 'image: a stream that fails, ends early, holds something else or is aborted changes nothing',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('kept'));
      const image = await db.exportImage();
      const half = image.slice(0, image.length >> 1);
      for (const call of ['importImage', 'inspectImage'] as const) {
        const failing = streamOf([half], (controller) => controller.error(new Error('unplugged')));
        await refused(db[call]({ image: failing }), 'IO_ERROR');
        await refused(db[call]({ image: streamOf([half]) }), 'CORRUPT');
        await refused(db[call]({ image: streamOf([]) }), 'NOT_A_DATABASE');
        await refused(db[call]({ image: streamOf([new Uint8Array(5000).fill(7)]) }), 'NOT_A_DATABASE');
        await refused(db[call]({ image: streamOf(['SQLite format 3']) }), 'IO_ERROR');
        const stop = new AbortController();
        const stalled = streamOf([half], () => stop.abort());
        await refused(db[call]({ image: stalled, signal: stop.signal }), 'ABORTED');
      }
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
      await db.saveReceipt(receiptOf('after'));
      expect((await db.verify()).ok).toBe(true);
    },
  },
];

/** Cases for calls that cross to a worker, for both kinds of workers. */
import { describe, expect, it } from 'vitest';
import { type Persistence, type PersistenceError, openPersistence } from '../../src/index.ts';
import { auditOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';

/** Returns an error and its chain of causes. */
export function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

/** @param open - opens an empty database in memory, in a worker */
export function describeWorker(
  workerKind: 'a worker in a page' | 'a worker thread' | 'a server',
  open: () => Promise<Persistence>,
): void {
  describe(`across to ${workerKind}`, () => {
    it('an error has the same code, operation and hint behind a worker as in process', async () => {
      const image = new TextEncoder().encode('no database at all');
      const refusals = async (db: Persistence): Promise<unknown[]> => {
        const calls: (() => PromiseLike<unknown>)[] = [
          () => db.saveReceipt(receiptOf('e', { receipt: '{' })),
          () => db.saveReceipt(receiptOf('')),
          () => db.getReceipt('nothing'),
          () => db.getMemory('nobody'),
          () => db.importImage(image),
          () => db.queryReceipts({ limit: -1 }),
        ];
        const errors = [];
        for (const call of calls) {
          const { name, message, code, operation, hint } = (await rejectionOf(call())) as PersistenceError;
          errors.push({ name, message, code, operation, hint });
        }
        return errors;
      };
      await using near = await openPersistence({ storage: 'memory', worker: false });
      await using far = await open();
      expect(await refusals(far)).toEqual(await refusals(near));
    });

    it('progress and aborts cross', async () => {
      await using db = await open();
      await db.saveReceipts(upTo(5000).map((index) => receiptOf(`e-${index}`)));
      const stages = new Set<string>();
      await db.verify({ onProgress: ({ stage }) => void stages.add(stage) });
      expect(stages.size).toBeGreaterThan(0);
      const stop = new AbortController();
      const error = await rejectionOf(db.verify({ signal: stop.signal, onProgress: () => stop.abort() }));
      expect(error).toMatchObject({ code: 'ABORTED', operation: 'verify' });
      expect(await rejectionOf(db.verify({ signal: AbortSignal.abort() }))).toMatchObject({
        code: 'ABORTED',
      });
      expect((await db.stats()).receiptsTotal).toBe(5000);
    });

    it('an audit export has arrived at the caller and closed its stream when the call resolves', async () => {
      await using db = await open();
      await db.logAudits(upTo(3000).map((index) => auditOf(`o-${index}`)));
      const chunks: Uint8Array[] = [];
      let ended = false;
      const output = new WritableStream<Uint8Array>({
        // Slow, so that a call that does not wait for it fails the test.
        write: (chunk) => new Promise((resolve) => setTimeout(() => resolve(void chunks.push(chunk)), 5)),
        close: () => new Promise((resolve) => setTimeout(() => resolve(void (ended = true)), 20)),
      });
      const report = await db.exportAuditTrail({ output, format: 'ndjson' });
      expect(ended).toBe(true);
      const decoder = new TextDecoder();
      const text = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('');
      expect(text.trimEnd().split('\n')).toHaveLength(3000);
      expect(report).toMatchObject({ rows: 3000, bytes: text.length, path: null });
    });

    it('a failing stream is IO_ERROR with its reason; an aborted export aborts its stream', async () => {
      await using db = await open();
      await db.logAudits(upTo(3000).map((index) => auditOf(`o-${index}`)));
      for (const failing of ['write', 'close'] as const) {
        const output = new WritableStream<Uint8Array>({
          [failing]: () => Promise.reject(new Error(`no ${failing}`)),
        });
        const error = await rejectionOf(db.exportAuditTrail({ output }));
        expect(error, failing).toMatchObject({ code: 'IO_ERROR', operation: 'exportAuditTrail' });
        expect(String(causesOf(error).at(-1)), failing).toContain(`no ${failing}`);
      }
      const stop = new AbortController();
      let aborted = false;
      const output = new WritableStream<Uint8Array>({
        write: () => stop.abort(),
        close: () => void (aborted = false),
        abort: () => void (aborted = true),
      });
      const error = await rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
      expect(error).toMatchObject({ code: 'ABORTED' });
      await expect.poll(() => aborted).toBe(true);
    });
  });
}

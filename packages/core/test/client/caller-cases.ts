/** Cases for what a caller passes that is no plain data: callbacks, signals, and values with code of their own. */
import { describe, expect, it } from 'vitest';
import { type Change, type Persistence, PersistenceError, type Progress } from '../../src/index.ts';
import { MemoryBackupDirectory } from '../../src/testing/index.ts';
import { auditOf, memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';

/** Runs work and collects the errors that nothing catches in this thread meanwhile. */
export type CollectUncaught = (work: (uncaught: unknown[]) => Promise<void>) => Promise<void>;

/** A class whose instances keep their values behind accessors and have a JSON form of their own. */
class Measured {
  get executionId(): string {
    return 'accessors';
  }
  get agentId(): string {
    return 'validator-1';
  }
  get agentType(): string {
    return 'validation';
  }
  get receipt(): object {
    return { toJSON: () => ({ measured: true }) };
  }
}

/** Values to save: each means the same, or fails with the same error, wherever the database is. */
const RECEIPTS: Readonly<Record<string, () => unknown>> = {
  'toJSON of its own': () => receiptOf('e', { receipt: { toJSON: () => ({ b: 1, a: 2 }) } as never }),
  'toJSON of its class': () =>
    receiptOf('e', { receipt: [new Date(0), new URL('https://x.test/')] as never }),
  'a URL': () => receiptOf('e', { receipt: new URL('https://x.test/a?b') as never }),
  'a map': () => receiptOf('e', { receipt: new Map([[1, 2]]) as never }),
  'a class instance': () => new Measured(),
  'a function': () => receiptOf('e', { receipt: (() => 1) as never }),
  'a function inside': () => receiptOf('e', { receipt: { inside: () => 1 } as never }),
  'a symbol': () => receiptOf('e', { receipt: Symbol('s') as never }),
  'a promise': () => receiptOf('e', { receipt: Promise.resolve({}) as never }),
  'a bigint': () => receiptOf('e', { receipt: { big: 1n } as never }),
  'a cycle': () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    return receiptOf('e', { receipt: cycle as never });
  },
  null: () => receiptOf('e', { receipt: null }),
  'a function as an id': () => receiptOf((() => 'e') as never),
  'a URL as an id': () => receiptOf(new URL('https://x.test/') as never),
  'a symbol as a status': () => receiptOf('e', { status: Symbol('failed') as never }),
  'a promise instead': () => Promise.resolve(receiptOf('e')),
  'a function instead': () => (): unknown => receiptOf('e'),
  'nothing instead': () => undefined,
};

/** Other calls whose arguments cannot be cloned. */
const OTHER_CALLS: Readonly<Record<string, (db: Persistence) => PromiseLike<unknown>>> = {
  'an array of records': (db) =>
    db.saveReceipts([receiptOf('e', { receipt: { at: new URL('https://x.test/') } as never })]),
  'a function for the records': (db) => db.saveReceipts((() => []) as never),
  'a memory': (db) => db.saveMemory(memoryOf('a', { memory: { toJSON: () => [1] } as never })),
  'a batch': (db) => db.record({ memories: [memoryOf('a', { memory: (() => 1) as never })] }),
  'details of an entry': (db) => db.logAudit(auditOf('o', { details: new URL('https://x.test/') as never })),
  'a symbol as an agent': (db) => db.getMemory(Symbol('agent') as never),
  'a pattern': (db) => db.queryReceipts({ agent: (() => '%') as never }),
  'days of a cleanup': (db) => db.cleanup({ days: (() => 1) as never }),
  'an image': (db) => db.importImage((() => 1) as never),
  'a period': (db) => db.analytics({ period: Symbol('week') as never }),
  'a signal that is none': (db) => db.verify({ signal: 'now' as never }),
  'a callback that is none': (db) => db.verify({ onProgress: 'loud' as never }),
  'a directory that is none': (db) => db.exportBackup({ directory: { name: 'none' } as never }),
  'a directory without a name': (db) =>
    db.exportBackup({ directory: { create: () => undefined, open: () => undefined } as never }),
  'null as a directory': (db) => db.restoreBackup({ directory: null as never }),
  'an output that is none': (db) => db.exportAuditTrail({ output: { write: () => undefined } as never }),
};

/** Returns the error of a call and what the call stored in an empty database. Every error must be a typed one. */
async function effectOf(db: Persistence, call: (db: Persistence) => PromiseLike<unknown>): Promise<unknown> {
  let failure: unknown;
  try {
    await call(db);
  } catch (error) {
    expect(error).toBeInstanceOf(PersistenceError);
    const { code, message, operation, hint } = error as PersistenceError;
    failure = { code, message, operation, hint };
  }
  const receipts = (await db.queryReceipts()).map(({ receiptJson }) => receiptJson);
  const memories = (await db.queryMemory()).map(({ memoryJson }) => memoryJson);
  await db.reset();
  return { failure, receipts, memories };
}

/** @param open - opens an empty database in memory */
export function describeCaller(
  where: string,
  open: () => Promise<Persistence>,
  openInProcess: () => Promise<Persistence>,
  collectUncaught: CollectUncaught,
): void {
  describe(`what a caller passes, ${where}`, () => {
    it('a callback that throws does not touch its operation; the error is uncaught at the caller', async () => {
      await using db = await open();
      await db.saveReceipts(upTo(2500).map((index) => receiptOf(`e-${index}`)));
      await db.logAudits(upTo(2500).map((index) => auditOf(`o-${index}`)));
      const directory = new MemoryBackupDirectory();
      const throwing = (operation: string): { onProgress: () => void } => ({
        onProgress(): void {
          throw new Error(`progress of ${operation}`);
        },
      });
      const output = new WritableStream<Uint8Array>();
      await collectUncaught(async (uncaught) => {
        expect(await db.verify(throwing('verify'))).toMatchObject({ ok: true });
        expect(await db.exportAuditTrail({ output, ...throwing('export') })).toMatchObject({ rows: 2500 });
        await db.exportBackup({ directory, ...throwing('backup') });
        const restored = await db.restoreBackup({
          directory,
          force: true,
          from: 'json',
          ...throwing('restore'),
        });
        expect(restored).toMatchObject({ receipts: 2500, auditEntries: 2500 });
        await db.cleanup({ days: 90, ...throwing('cleanup') });
        expect((await db.stats()).receiptsTotal).toBe(2500);
        await expect
          .poll(() => [...new Set(uncaught.map(String))].filter((message) => !message.includes('cleanup')))
          .toEqual(
            ['verify', 'export', 'backup', 'restore'].map((operation) => `Error: progress of ${operation}`),
          );
      });
    });

    it('a listener that throws or rejects does not silence the others, nor end the worker', async () => {
      await using db = await open();
      const heard: Change[] = [];
      const listeners = [
        (): void => {
          throw new Error('a listener threw');
        },
        (): Promise<void> => Promise.reject(new Error('a listener rejected')),
        (change: Change): void => void heard.push(change),
      ];
      for (const listener of listeners) db.subscribe(listener);
      await collectUncaught(async (uncaught) => {
        await db.saveReceipt(receiptOf('first'));
        await db.saveReceipt(receiptOf('second'));
        await expect.poll(() => heard.length).toBe(2);
        await expect
          .poll(() => uncaught.map(String).toSorted())
          .toEqual(['rejected', 'rejected', 'threw', 'threw'].map((what) => `Error: a listener ${what}`));
      });
      expect((await db.stats()).receiptsTotal).toBe(2);
    });

    it('each subscription ends by itself, and what is no function is refused', async () => {
      await using db = await open();
      let calls = 0;
      const listener = (): void => void calls++;
      const [endFirst, endSecond] = [db.subscribe(listener), db.subscribe(listener)];
      endFirst();
      let heardLast = 0;
      db.subscribe(() => void heardLast++);
      await db.saveReceipt(receiptOf('one'));
      await expect.poll(() => heardLast).toBe(1);
      expect(calls).toBe(1);
      endSecond();
      await db.saveReceipt(receiptOf('two'));
      await expect.poll(() => heardLast).toBe(2);
      expect(calls).toBe(1);
      expect(() => db.subscribe('loud' as never)).toThrow(/^Invalid listener/);
    });

    it('progress is reported before an operation settles, never afterwards', async () => {
      await using db = await open();
      await db.saveReceipts(upTo(5000).map((index) => receiptOf(`e-${index}`)));
      for (const _round of upTo(5)) {
        const late: Progress[] = [];
        let settled = false;
        await db.verify({ onProgress: (step) => void (settled && late.push(step)) });
        settled = true;
        await db.stats();
        expect(late).toEqual([]);
      }
    });

    it('the reason of an abort is the cause of the error and ends the stream, whatever it is', async () => {
      await using db = await open();
      await db.logAudits(upTo(3000).map((index) => auditOf(`o-${index}`)));
      for (const reason of [
        Object.assign(new RangeError('enough'), { left: { rows: 3 } }),
        'text',
        () => 'code',
      ]) {
        const stop = new AbortController();
        const ends: unknown[] = [];
        const output = new WritableStream<Uint8Array>({
          write: () => stop.abort(reason),
          abort: (given) => void ends.push(given),
        });
        const error = await rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
        expect(error).toMatchObject({ code: 'ABORTED', operation: 'exportAuditTrail' });
        expect(error.cause).toBe(reason);
        expect(ends).toEqual([reason]);
        const before = await rejectionOf(db.verify({ signal: AbortSignal.abort(reason) }));
        expect(before).toMatchObject({ code: 'ABORTED' });
        expect(before.cause).toBe(reason);
      }
    });

    it('a receipt means the same as in process, or fails with the same error', async () => {
      await using near = await openInProcess();
      await using far = await open();
      for (const [what, receipt] of Object.entries(RECEIPTS)) {
        const expected = await effectOf(near, (db) => db.saveReceipt(receipt() as never));
        expect(await effectOf(far, (db) => db.saveReceipt(receipt() as never)), what).toEqual(expected);
      }
    });

    it('every other argument means the same as in process, or fails with the same error', async () => {
      await using near = await openInProcess();
      await using far = await open();
      for (const [what, call] of Object.entries(OTHER_CALLS)) {
        const expected = await effectOf(near, call);
        expect(await effectOf(far, call), what).toEqual(expected);
      }
    });
  });
}

/** Cases for streams and directories of the caller that stop answering: an abort ends the operation all the same. */
import { describe, expect, it } from 'vitest';
import type { Persistence } from '../../src/index.ts';
import { MemoryBackupDirectory } from '../../src/testing/index.ts';
import { auditOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { never, StallingDirectory } from './stalling-directory.ts';

type Operation = (directory: StallingDirectory, signal?: AbortSignal) => Promise<unknown>;

/** Takes no more bytes from a step on, and never settles its abort. */
function stallingOutput(step: 'write' | 'close', onStall: () => void): WritableStream<Uint8Array> {
  const stall = (): Promise<never> => {
    onStall();
    return never();
  };
  return new WritableStream({ [step]: stall, abort: never });
}

/** @param open - opens an empty database in memory */
export function describeStalled(where: string, open: () => Promise<Persistence>): void {
  describe(`a caller's stalled stream, ${where}`, () => {
    /**
     * Runs an operation once for each step of a directory, stalls there, saves meanwhile, and aborts.
     * @returns the steps
     */
    async function abortAtEachStep(
      db: Persistence,
      files: MemoryBackupDirectory,
      run: Operation,
    ): Promise<string[]> {
      const whole = new StallingDirectory(files);
      await run(whole);
      let { receiptsTotal } = await db.stats();
      for (const [index, step] of whole.steps.entries()) {
        const directory = new StallingDirectory(files, index);
        const stop = new AbortController();
        const running = rejectionOf(run(directory, stop.signal));
        await directory.stalled;
        // The operation holds no lock while it waits for the caller.
        await db.saveReceipt(receiptOf(`during ${index}`));
        const reason = new Error(`enough of ${step}`);
        stop.abort(reason);
        const error = await running;
        expect(error, step).toMatchObject({ code: 'ABORTED' });
        expect(error.cause, step).toBe(reason);
        expect(directory.ends.length, step).toBeLessThanOrEqual(1);
        for (const end of directory.ends) expect(end, step).toBe(reason);
        expect(await db.stats(), step).toMatchObject({ receiptsTotal: ++receiptsTotal });
      }
      return whole.steps;
    }

    it('an abort ends an export at a stream that takes no more', async () => {
      await using db = await open();
      await db.logAudits(upTo(3).map((index) => auditOf(`o-${index}`)));
      for (const step of ['write', 'close'] as const) {
        for (const abort of ['at once', 'later'] as const) {
          const stop = new AbortController();
          let reportStall = (): void => undefined;
          const stalled = new Promise<void>((resolve) => (reportStall = resolve));
          const output = stallingOutput(step, () => {
            reportStall();
            if (abort === 'at once') stop.abort('enough');
          });
          const running = rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
          await stalled;
          stop.abort('enough');
          // A second abort changes nothing.
          stop.abort('again');
          const error = await running;
          expect(error, step).toMatchObject({ code: 'ABORTED', operation: 'exportAuditTrail' });
          expect(error.cause).toBe('enough');
          expect((await db.logAudit(auditOf('afterwards'))).auditId).toBeTypeOf('string');
        }
      }
    });

    it('an abort ends a backup at every step of the directory', async () => {
      await using db = await open();
      await db.record({ receipts: upTo(3).map((index) => receiptOf(`e-${index}`)) });
      const steps = await abortAtEachStep(db, new MemoryBackupDirectory(), (directory, signal) =>
        db.exportBackup({ directory, ...(signal && { signal }) }),
      );
      for (const step of ['create', 'write', 'close'])
        for (const file of ['receipts.json', 'ggen.db', 'manifest.json'])
          expect(steps).toContain(`${step} ${file}`);
      expect(steps.at(-1)).toBe('finish');
    });

    it.each(['image', 'json'] as const)(
      'an abort ends a restore from %s at every step of the directory, which holds no lock',
      async (from) => {
        await using db = await open();
        await db.record({ receipts: upTo(3).map((index) => receiptOf(`e-${index}`)) });
        const files = new MemoryBackupDirectory();
        await db.exportBackup({ directory: files });
        const steps = await abortAtEachStep(db, files, (directory, signal) =>
          db.restoreBackup({ directory, from, force: true, ...(signal && { signal }) }),
        );
        for (const file of ['receipts.json', 'ggen.db', 'manifest.json'])
          expect(steps).toContain(`read ${file}`);
      },
    );

    it('an abort ends a restore without an image at every step', async () => {
      await using db = await open();
      const files = new MemoryBackupDirectory();
      await db.record({ receipts: upTo(3).map((index) => receiptOf(`e-${index}`)) });
      await db.exportBackup({ directory: files });
      const manifest = JSON.parse(new TextDecoder().decode(files.files.get('manifest.json'))) as {
        files: { name: string }[];
      };
      manifest.files = manifest.files.filter(({ name }) => name !== 'ggen.db');
      files.files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
      const steps = await abortAtEachStep(db, files, (directory, signal) =>
        db.restoreBackup({ directory, force: true, ...(signal && { signal }) }),
      );
      // Each file is read to check it, and to stage its rows.
      expect(steps.filter((step) => step === 'open receipts.json')).toHaveLength(2);
    });

    it('a signal that fired before is obeyed before the caller is asked for anything', async () => {
      await using db = await open();
      const directory = new StallingDirectory(new MemoryBackupDirectory());
      const signal = AbortSignal.abort('before');
      const output = new WritableStream<Uint8Array>();
      for (const call of [
        db.exportAuditTrail({ output, signal }),
        db.exportBackup({ directory, signal }),
        db.restoreBackup({ directory, signal }),
      ]) {
        const error = await rejectionOf(call);
        expect(error).toMatchObject({ code: 'ABORTED', cause: 'before' });
      }
      expect(directory.steps).toEqual([]);
    });
  });
}

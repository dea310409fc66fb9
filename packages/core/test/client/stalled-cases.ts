/** Cases for streams and directories of the caller that stop answering: an abort ends the operation all the same. */
import { describe, expect, it } from 'vitest';
import { type BackupDirectory, type Persistence, type Progress, openPersistence } from '../../src/index.ts';
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
        () => db.exportAuditTrail({ output, signal }),
        () => db.exportBackup({ directory, signal }),
        () => db.restoreBackup({ directory, signal }),
      ]) {
        const error = await rejectionOf(call());
        expect(error).toMatchObject({ code: 'ABORTED', cause: 'before' });
      }
      expect(directory.steps).toEqual([]);
    });

    it('an abort at the same time as a failure of the stream is ABORTED', async () => {
      await using db = await open();
      await db.logAudit(auditOf('o'));
      for (const first of ['abort', 'failure'] as const) {
        for (const step of ['write', 'close'] as const) {
          const stop = new AbortController();
          const output = new WritableStream<Uint8Array>({
            async [step]() {
              if (first === 'abort') stop.abort('enough');
              else queueMicrotask(() => stop.abort('enough'));
              throw new Error('failed');
            },
          });
          const error = await rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
          expect(error, `${first}, ${step}`).toMatchObject({ code: 'ABORTED', cause: 'enough' });
        }
      }
    });

    it('a failure is reported although the streams never settle their end and nothing can be discarded', async () => {
      await using db = await open();
      const files = new MemoryBackupDirectory();
      await db.exportBackup({ directory: files });
      const endless: BackupDirectory = {
        name: 'endless',
        create: () => Promise.reject(new Error('no room')),
        finish: never,
        discard: () => {
          throw new Error('cannot be discarded');
        },
        open: async () =>
          new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)), cancel: never }),
      };
      const restore = await rejectionOf(db.restoreBackup({ directory: endless }));
      expect(restore).toMatchObject({ code: 'BACKUP_INVALID' });
      const backup = await rejectionOf(db.exportBackup({ directory: endless }));
      expect(String(backup.cause), backup.message).toContain('no room');
    });

    it('what an aborted backup has created is discarded, also a file that is created late', async () => {
      await using db = await open();
      for (const late of [false, true]) {
        const stop = new AbortController();
        const present = new Set<string>();
        const ends: unknown[] = [];
        let create = (): void => undefined;
        const created = new Promise<void>((resolve) => (create = resolve));
        const directory: BackupDirectory = {
          name: 'slow',
          async create(fileName) {
            if (fileName === 'ggen.db') {
              stop.abort('enough');
              if (late) await created;
            }
            present.add(fileName);
            return new WritableStream({ abort: (reason) => void ends.push(reason) });
          },
          finish: never,
          discard: async () => present.clear(),
          open: never,
        };
        const error = await rejectionOf(db.exportBackup({ directory, signal: stop.signal }));
        expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
        create();
        await expect.poll(() => [[...present], ends]).toEqual([[], ['enough']]);
      }
    });

    it('an aborted cleanup says what it has deleted', async () => {
      await using old = await openPersistence({
        storage: 'memory',
        worker: false,
        clock: () => new Date('2020-01-01'),
      });
      await old.logAudits(upTo(4100).map((index) => auditOf(`o-${index}`)));
      const image = await old.exportImage();
      await using db = await open();
      let error: Error | undefined;
      // An abort that arrives after the last row was deleted comes too late.
      while (!error) {
        await db.importImage(image);
        const stop = new AbortController();
        const onProgress = ({ done }: Progress): void => void (done > 0 && stop.abort('enough'));
        error = await db.cleanup({ signal: stop.signal, onProgress }).then(
          () => undefined,
          (thrown: unknown) => thrown as Error,
        );
      }
      expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
      expect(error.message).toMatch(/ 0 receipts and (?:2000|4000) audit entries were deleted before/);
    });
  });
}

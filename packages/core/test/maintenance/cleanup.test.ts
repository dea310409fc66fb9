/** A cleanup of many rows deletes them in several transactions, so that other processes save in between. */
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { expect, it } from 'vitest';
import { observedFileSystem, SimulatedDisk } from '../../../../tests/crash/file/index.node.ts';
import type { Persistence, PersistenceError } from '../../src/index.ts';
import { openOnStorage } from '../../src/persistence/open-in-process.ts';
import { auditOf, receiptOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

it('another process saves between the batches of a cleanup, and nothing of it is deleted', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const insert = 'INSERT INTO audit_log (audit_id, agent_id, operation, status, timestamp)';
  database.native(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    ${insert} SELECT 'old-' || i, 'a', 'o', 'completed', iif(i % 2, '2001-01-01 00:00:00', '2001-01-01T00:00:00Z') FROM n`);
  const changes: unknown[] = [];
  db.subscribe(({ tables }) => void changes.push(tables));
  let saves = 0;
  const report = await db.cleanup({
    days: 30,
    onProgress({ stage }) {
      if (stage !== 'audit_log') return;
      database.native(`${insert} VALUES ('new-${saves++}', 'a', 'o', 'completed', CURRENT_TIMESTAMP)`);
    },
  });
  expect(saves).toBe(3);
  expect(report).toMatchObject({ receiptsDeleted: 0, auditEntriesDeleted: 5000 });
  expect((await db.queryAuditTrail()).map(({ auditId }) => auditId).toSorted()).toEqual([
    'new-0',
    'new-1',
    'new-2',
  ]);
  expect(changes.length).toBeGreaterThan(0);
});

/** A database on a simulated disk with 3 old receipts and 2 old audit entries, where one call of the cleanup fails. */
class FailingCleanup {
  #callsLeft = Infinity;
  readonly #disk = new SimulatedDisk();

  #open(now: string): Promise<Persistence> {
    const { fileSystem } = this.#disk.process();
    const observed = observedFileSystem(fileSystem, () => {
      if (this.#callsLeft-- === 0) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    return openOnStorage(
      () => fileStorage('/data/ggen.db', { fileSystem: observed, rangeLocks: this.#disk.locks.ranges }),
      {
        storage: 'file',
        path: '/data/ggen.db',
        retry: { ioRetries: 0, busyDeadlineMs: 0 },
        clock: () => new Date(now),
      },
    );
  }

  /** @returns the failure, and the rows that are gone; undefined when the cleanup has no such call */
  async run(
    failingCall: number,
  ): Promise<{ readonly error: PersistenceError; readonly gone: string } | undefined> {
    const saving = await this.#open('2001-01-01T00:00:00Z');
    await saving.saveReceipts(['a', 'b', 'c'].map((id) => receiptOf(id)));
    await saving.logAudits([auditOf('o'), auditOf('o')]);
    await saving.close();
    await using db = await this.#open('2002-01-01T00:00:00Z');
    this.#callsLeft = failingCall;
    const error = await db.cleanup({ days: 30, vacuum: false }).then(
      () => undefined,
      (failure: unknown) => failure as PersistenceError,
    );
    const succeeded = this.#callsLeft >= 0;
    this.#callsLeft = Infinity;
    if (!error) return succeeded ? undefined : { error: { message: '' } as PersistenceError, gone: '' };
    const { receiptsTotal, auditEntries } = await db.stats();
    return { error, gone: `${3 - receiptsTotal} receipts and ${2 - auditEntries} audit entries` };
  }
}

it('says what is certainly deleted when the storage fails, and when more may be', async () => {
  const seen = new Set<string>();
  for (let call = 0; ; call++) {
    const failed = await new FailingCleanup().run(call);
    if (!failed) break;
    const { error, gone } = failed;
    if (error.message === '') continue;
    const certain = /(?<atLeast>at least )?(?<count>\d receipts and \d audit entries)/.exec(
      error.message,
    )?.groups;
    const said = certain?.['count'] ?? '0 receipts and 0 audit entries';
    if (certain?.['atLeast'] === undefined) {
      expect([call, said]).toEqual([call, gone]);
      expect(error.message).not.toContain('uncertain');
    } else {
      expect(error).toMatchObject({
        code: 'IO_ERROR',
        hint: expect.stringContaining('Clean up again') as string,
      });
    }
    seen.add(`${certain?.['atLeast'] ?? ''}${said}, really ${gone}`);
  }
  expect([...seen].toSorted()).toEqual([
    '0 receipts and 0 audit entries, really 0 receipts and 0 audit entries',
    '3 receipts and 0 audit entries, really 3 receipts and 0 audit entries',
    '3 receipts and 2 audit entries, really 3 receipts and 2 audit entries',
    'at least 0 receipts and 0 audit entries, really 3 receipts and 0 audit entries',
    'at least 3 receipts and 0 audit entries, really 3 receipts and 2 audit entries',
  ]);
});

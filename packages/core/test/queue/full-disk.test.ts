/** Full disk: a typed error, no acknowledged save lost, and the next save works once there is room. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, expect, it, vi } from 'vitest';
import type { CleanupReport, PersistenceError } from '../../src/index.ts';
import { receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';

/** Mounts a small disk. Skips the test where this user may not mount one. */
function smallDisk(fixture: TestDatabase, skip: TestContext['skip']): string {
  const folder = fixture.path('disk');
  fs.mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    skip('mounting a small disk needs root; sqljs-vfs tests the same with ulimit');
  }
  fixture.atEnd(() => void execFileSync('umount', [folder]));
  return folder;
}

const filler = (sizeBytes: number): string => JSON.stringify('x'.repeat(sizeBytes));

it('fails saves with DISK_FULL, loses none that was acknowledged, and saves again', async ({ skip }) => {
  const fixture = createTestDatabase();
  const disk = smallDisk(fixture, skip);
  const file = path.join(disk, 'ggen.db');
  fs.writeFileSync(path.join(disk, 'ballast'), new Uint8Array(1_000_000));
  const db = await fixture.open({ path: file });
  const acknowledged: string[] = [];
  let failure: PersistenceError | undefined;
  while (!failure && acknowledged.length < 1000) {
    try {
      const { receiptId } = await db.saveReceipt(
        receiptOf(`e-${acknowledged.length}`, { receipt: filler(20_000) }),
      );
      acknowledged.push(receiptId);
    } catch (error) {
      failure = error as PersistenceError;
    }
  }
  expect(failure).toMatchObject({ name: 'PersistenceError', code: 'DISK_FULL', operation: 'saveReceipt' });
  expect(failure?.hint).toMatch(/Make room/);
  expect(acknowledged.length).toBeGreaterThan(10);
  for (const receiptId of acknowledged) expect((await db.getReceipt(receiptId)).length).toBe(20_002);
  for (const call of [
    () => db.exportBackup({ directory: path.join(disk, 'backup') }),
    () => db.exportBackup({ directory: path.join(disk, 'new', 'backup') }),
  ]) {
    expect(await rejectionOf(call())).toMatchObject({ code: 'DISK_FULL' });
  }
  expect(fs.readdirSync(disk).filter((name) => name.includes('partial'))).toEqual([]);
  fs.rmSync(path.join(disk, 'ballast'));
  await db.saveReceipt(receiptOf('after'));
  expect(await db.verify()).toMatchObject({ ok: true, receiptsVerified: acknowledged.length + 1 });
  await db.close();
  expect(nativeSqlite(file, 'PRAGMA integrity_check')).toBe('ok');
});

it('names the folder of temporary files that has no room for a vacuum', async ({ skip }) => {
  const fixture = createTestDatabase();
  const disk = smallDisk(fixture, skip);
  vi.stubEnv('SQLITE_TMPDIR', disk);
  fixture.atEnd(() => void vi.unstubAllEnvs());
  const db = await fixture.open();
  await db.saveReceipt(receiptOf('a', { receipt: filler(8000) }));
  fixture.native(
    'CREATE TABLE x(y); INSERT INTO x VALUES (zeroblob(3000000)); DROP TABLE x',
    'CREATE TABLE kept(y); INSERT INTO kept VALUES (zeroblob(60000000))',
  );
  const failure = await rejectionOf(db.cleanup({ vacuum: true }));
  expect(failure).toMatchObject({ code: 'DISK_FULL' });
  expect(failure.message).toContain(`no room left for temporary files in ${disk}`);
  expect(failure).toHaveProperty(
    'hint',
    expect.stringContaining(`Make room in ${disk}, or set SQLITE_TMPDIR to another folder`),
  );
  expect((await db.stats()).receiptsTotal).toBe(1);
});

it('fails only the one of several concurrent saves that is too big', async ({ skip }) => {
  const fixture = createTestDatabase();
  const disk = smallDisk(fixture, skip);
  const db = await fixture.open({ path: path.join(disk, 'ggen.db') });
  const saves = upTo(9).map((n) =>
    db.saveReceipt(receiptOf(`e-${n}`, { receipt: filler(n === 4 ? 3_000_000 : 1000) })),
  );
  const outcomes = await Promise.allSettled(saves);
  expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([4]);
  expect((outcomes[4] as PromiseRejectedResult).reason).toMatchObject({ code: 'DISK_FULL' });
  expect((await db.stats()).receiptsTotal).toBe(8);
  await db.close();
});

it('reports a deletion whose room cannot be given back', async ({ skip }) => {
  const fixture = createTestDatabase();
  const disk = smallDisk(fixture, skip);
  const file = path.join(disk, 'ggen.db');
  const ballast = path.join(disk, 'ballast');
  const db = await fixture.open({ path: file });
  const cleanup = async (vacuum: boolean | undefined): Promise<unknown> => {
    await db.saveReceipts(upTo(20).map((n) => receiptOf(`${vacuum}-${n}`, { receipt: filler(20_000) })));
    nativeSqlite(file, "UPDATE receipts SET created_at = '2020-01-01 00:00:00' WHERE rowid % 2");
    try {
      return await db.cleanup({
        ...(vacuum !== undefined && { vacuum }),
        onProgress() {
          // Within the transaction: enough for its end, and too little for VACUUM.
          const { bavail, bsize } = fs.statfsSync(disk);
          if (bavail * bsize > 100_000) fs.appendFileSync(ballast, new Uint8Array(bavail * bsize - 100_000));
        },
      });
    } finally {
      fs.rmSync(ballast);
    }
  };
  const report = (await cleanup(undefined)) as CleanupReport;
  expect(report).toMatchObject({ receiptsDeleted: 10, freeBytes: expect.any(Number) });
  expect(report.freeBytes).toBeGreaterThan(200_000);
  expect(report.sizeAfterBytes).toBe(report.sizeBeforeBytes);
  const refused = (await cleanup(true).catch((error: unknown) => error)) as PersistenceError;
  expect(refused).toMatchObject({ code: 'DISK_FULL', operation: 'cleanup' });
  expect(refused.message).toMatch(/^Deleted \d+ receipts and 0 audit entries, but their room /);
  expect((await db.stats()).receiptsTotal).toBeLessThanOrEqual(20);
  expect(await db.cleanup({ vacuum: true })).toMatchObject({ receiptsDeleted: 0, freeBytes: 0 });
});

it('opens a read-only medium for reading, and refuses writes with READ_ONLY', async ({ skip }) => {
  const fixture = createTestDatabase();
  const disk = smallDisk(fixture, skip);
  const file = path.join(disk, 'ggen.db');
  const writing = await fixture.open({ path: file });
  const { receiptId } = await writing.saveReceipt(receiptOf('a'));
  const image = await writing.exportImage();
  await writing.close();
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  const db = await fixture.open({ path: file });
  await db.exportBackup({ directory: path.join(fixture.folder, 'backup') });
  expect((await db.info()).readOnly).toBe(true);
  expect(await db.getReceipt(receiptId)).toBe('{"ok":true}');
  expect((await db.verify()).ok).toBe(true);
  for (const call of [
    () => db.saveReceipt(receiptOf('b')),
    () => db.reset(),
    () => db.cleanup(),
    () => db.importImage(image),
    () => db.restoreBackup({ directory: path.join(fixture.folder, 'backup'), force: true }),
  ]) {
    expect(await rejectionOf(call())).toMatchObject({ code: 'READ_ONLY' });
  }
  expect((await db.stats()).receiptsTotal).toBe(1);
  await db.close();
  const error = await rejectionOf(fixture.open({ path: path.join(disk, 'new.db') }));
  expect(error.message).toMatch(/^Database initialization failed/);
});

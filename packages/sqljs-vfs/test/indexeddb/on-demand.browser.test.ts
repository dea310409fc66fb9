/** Databases that a worker reads on demand: memory, other tabs' checkpoints, cleared site data, failing reads. */
import { cdp } from 'vitest/browser';
import { afterEach, expect, it } from 'vitest';
import { EXTENT_SIZE_BYTES } from '../../src/storages/indexeddb/extents.ts';
import type { SweepOutcome } from '../failing/sweep.browser.ts';
import { RemoteDatabase, terminateAll } from '../remote-database.browser.ts';
import { CalledWorker } from '../workers/calls.browser.ts';

afterEach(terminateAll);

const TOTALS = 'SELECT count(*), sum(length(filler)) FROM t';
/** A commit of more than 8 MiB, which writes its extents itself. */
const FILL =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12) ' +
  'INSERT INTO t SELECT NULL, randomblob(1000000) FROM n';

async function makeDatabase(): Promise<{ name: string; writer: RemoteDatabase }> {
  const name = crypto.randomUUID();
  const writer = await RemoteDatabase.open('indexeddb', name);
  await writer.write('CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  await writer.write(FILL);
  return { name, writer };
}

it('keeps no more in memory than its cache and what is not checkpointed, whatever was written or read', async () => {
  const { name, writer } = await makeDatabase();
  const cacheSizeBytes = EXTENT_SIZE_BYTES;
  const reader = await RemoteDatabase.open('indexeddb', name, false, { cacheSizeBytes });
  expect(await reader.memoryBytes()).toBeLessThan(cacheSizeBytes / 2);
  expect(await reader.read(TOTALS)).toEqual([[12, 12_000_000]]);
  expect(await reader.memoryBytes()).toBeLessThanOrEqual(cacheSizeBytes);
  // The extents of its own large commit are stored, so nothing of it stays.
  expect(await writer.memoryBytes()).toBeLessThan(cacheSizeBytes);
  await reader.write('UPDATE t SET filler = randomblob(1000000)');
  expect(await reader.memoryBytes()).toBeLessThanOrEqual(2 * cacheSizeBytes);
  expect(await writer.read('PRAGMA integrity_check')).toEqual([['ok']]);
});

it('indexeddb 6: a read that has begun goes on with the old extents while two tabs store them again and again', async () => {
  const { name, writer } = await makeDatabase();
  const reader = await RemoteDatabase.open('indexeddb', name, false, { cacheSizeBytes: 1 });
  const other = await RemoteDatabase.open('indexeddb', name);
  const before = await reader.beginRead(TOTALS);
  for (const tab of [writer, other, writer]) {
    await tab.write('UPDATE t SET filler = randomblob(900000)');
    await tab.write('DELETE FROM t WHERE id = (SELECT max(id) FROM t)');
  }
  await other.write(FILL);
  expect(await reader.endRead('SELECT count(*), sum(length(filler)), max(id) FROM t')).toEqual([
    [...(before[0] ?? []), 12],
  ]);
  for (const tab of [reader, writer, other]) {
    expect(await tab.read(TOTALS)).toEqual([[21, 9 * 900_000 + 12_000_000]]);
    expect(await tab.read('PRAGMA integrity_check')).toEqual([['ok']]);
  }
});

it('indexeddb 5: a read after site data was cleared is STORAGE_RESET', async () => {
  const { writer } = await makeDatabase();
  const { send } = cdp() as unknown as { send(method: string, parameters: object): Promise<unknown> };
  await send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' });
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(writer.read(TOTALS)).rejects.toMatchObject({ code: 'STORAGE_RESET' });
  }
});

const failing = new CalledWorker(
  new Worker(new URL('../workers/failing-blobs.browser.ts', import.meta.url), { type: 'module' }),
);

it.each([
  { fault: 'a read throws NotReadableError', reported: 'none' },
  { fault: 'a read throws NotFoundError', reported: 'none' },
  { fault: 'a read returns half', reported: 'none' },
  { fault: 'a slice throws', reported: 'none' },
  { fault: 'a Blob cannot be made', reported: 'some' },
  { fault: 'a put of a Blob throws DataCloneError', reported: 'none' },
  { fault: 'a put of a Blob aborts its transaction', reported: 'none' },
])('indexeddb 5: survives every call at which $fault', async ({ fault, reported }) => {
  const outcome = (await failing.call('sweep', fault)) as SweepOutcome;
  expect(outcome.calls).toBeGreaterThanOrEqual(5);
  expect(outcome.committed).toBe(0);
  expect(outcome.reported > 0).toBe(reported === 'some');
});

it('indexeddb 5: an encrypted database survives every call at which a read throws NotReadableError', async () => {
  const outcome = (await failing.call('sweep', 'a read throws NotReadableError', true)) as SweepOutcome;
  expect(outcome.calls).toBeGreaterThanOrEqual(5);
  expect(outcome.committed).toBe(0);
});

it('indexeddb 5: what cannot be read by new handles either is an I/O error, and the next read that can succeeds', async () => {
  expect(await failing.call('readUnreadable')).toEqual({
    read: { resultCode: 10, cause: 'NotReadableError' },
    write: { resultCode: 10, cause: 'NotReadableError' },
    after: [[3, 'ok']],
  });
});

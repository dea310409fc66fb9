/** Streams as Safari has them: they cannot be iterated, only read. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { MemoryBackupDirectory } from '../../src/testing/index.ts';
import { receiptOf } from '../../src/testing/persistence-case.ts';

const ITERATORS = [Symbol.asyncIterator, 'values'] as const;
const removed = new Map<string | symbol, PropertyDescriptor>();

beforeAll(() => {
  for (const name of ITERATORS) {
    const descriptor = Object.getOwnPropertyDescriptor(ReadableStream.prototype, name);
    if (descriptor) removed.set(name, descriptor);
    Reflect.deleteProperty(ReadableStream.prototype, name);
  }
});

afterAll(() => {
  for (const [name, descriptor] of removed) Object.defineProperty(ReadableStream.prototype, name, descriptor);
});

it('restores a backup from its rows and from its image', async () => {
  expect(removed.size).toBe(ITERATORS.length);
  await using db = await openPersistence({ storage: 'memory' });
  await db.saveReceipt(receiptOf('e-1'));
  const directory = new MemoryBackupDirectory();
  await db.exportBackup({ directory });
  for (const from of ['json', 'image'] as const) {
    await db.restoreBackup({ directory, from, force: true });
    expect((await db.stats()).receiptsTotal).toBe(1);
  }
});

it('imports rows, and cancels an input that cannot be read to its end', async () => {
  await using db = await openPersistence({ storage: 'memory' });
  const entry = { timestamp: '2026-01-29 18:00:00', agent_id: 'a', operation: 'o', status: 'completed' };
  const input = new Blob([`${JSON.stringify(entry)}\n`]).stream();
  const report = await db.importRows({ table: 'audit_log', format: 'ndjson', input });
  expect(report).toMatchObject({ rows: 1, refused: 0 });
  const control = new AbortController();
  let pulls = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulls += 1;
      if (pulls === 3) control.abort();
      controller.enqueue(new TextEncoder().encode('no row\n'));
    },
    cancel: () => void (cancelled = true),
  });
  const { signal } = control;
  const importing = db.importRows({ table: 'audit_log', format: 'ndjson', input: endless, signal });
  await expect(importing).rejects.toMatchObject({ code: 'ABORTED' });
  expect(cancelled).toBe(true);
});

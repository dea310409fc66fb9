/** Failures of IndexedDB: their error codes, the state after them, and retries. */
import { afterEach, expect, it, vi } from 'vitest';
import { changeKey, type Persistence, openPersistence } from '../../src/index.ts';
import { collect, memoryOf, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const IO_RETRIES = 2;

function open(name: string): Promise<Persistence> {
  const retry = { ioRetries: IO_RETRIES, ioRetryDelayMs: 1 };
  return openPersistence({ storage: 'indexeddb', name, worker: false, retry });
}

/** Makes the next commits abort with an error, after all their requests were made. */
function failCommits(count: number, errorName: string): void {
  const commit = vi.spyOn(IDBTransaction.prototype, 'commit');
  for (let time = 0; time < count; time++) {
    commit.mockImplementationOnce(function failing(this: IDBTransaction) {
      Object.defineProperty(this, 'error', { value: new DOMException('no', errorName) });
      this.abort();
    });
  }
}

async function executionIds(db: Persistence): Promise<string[]> {
  return (await collect(db.queryReceipts())).map(({ executionId }) => executionId);
}

it.each([
  ['QuotaExceededError', 'DISK_FULL', 1],
  ['UnknownError', 'IO_ERROR', IO_RETRIES + 1],
  ['AbortError', 'IO_ERROR', IO_RETRIES + 1],
])(
  'a save whose commit fails with %s is %s, is not stored, and can be repeated',
  async (name, code, times) => {
    const database = crypto.randomUUID();
    const db = await open(database);
    await db.saveReceipt(receiptOf('before'));
    failCommits(times, name);
    expect(await rejectionOf(db.saveReceipt(receiptOf('failed')))).toMatchObject({
      name: 'PersistenceError',
      code,
      operation: 'saveReceipt',
      cause: { cause: { name } },
    });
    for (const reader of [db, await open(database)]) expect(await executionIds(reader)).toEqual(['before']);
    await db.saveReceipt(receiptOf('failed'));
    expect(await executionIds(await open(database))).toEqual(['failed', 'before']);
  },
);

it.each([
  ['QuotaExceededError', 'DISK_FULL'],
  ['UnknownError', 'IO_ERROR'],
])('a change of the key whose commit fails with %s is %s, and the key is as it was', async (name, code) => {
  const database = { storage: 'indexeddb', name: crypto.randomUUID(), worker: false } as const;
  const [key, newKey] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];
  const db = await open(database.name);
  await db.saveReceipt(receiptOf('kept'));
  await db.close();
  for (const change of [{ newKey: key }, { key, newKey }, { key, newKey: undefined }]) {
    const { newKey: next, ...present } = change;
    failCommits(1, name);
    const failure = await rejectionOf(changeKey({ ...database, ...present }, { newKey: next }));
    expect(failure).toMatchObject({ name: 'PersistenceError', code, operation: 'changeKey' });
    const unchanged = await openPersistence({ ...database, ...present });
    expect(await executionIds(unchanged)).toEqual(['kept']);
    await unchanged.close();
    if (next === key) await changeKey(database, { newKey: key });
  }
});

it('a transient failure is retried, and the save is stored once', async () => {
  const database = crypto.randomUUID();
  const db = await open(database);
  failCommits(IO_RETRIES, 'UnknownError');
  await db.saveReceipt(receiptOf('retried'));
  for (const reader of [db, await open(database)]) expect(await executionIds(reader)).toEqual(['retried']);
});

it('a checkpoint that fails is in info(), and saves go on; a later one that succeeds ends it', async () => {
  const db = await open(crypto.randomUUID());
  const put = IDBObjectStore.prototype.put;
  const refusing = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function failing(
    this: IDBObjectStore,
    value: unknown,
    key?: IDBValidKey,
  ) {
    const { content } = value as { readonly content?: unknown };
    if (content instanceof Blob) throw new DOMException('no', 'UnknownError');
    return put.call(this, value, key);
  });
  const large = { ...memoryOf('a'), memory: JSON.stringify('x'.repeat(3_000_000)) };
  await db.saveMemory(large);
  await expect
    .poll(async () => (await db.info()).checkpoint)
    .toMatchObject({ failure: { code: 'IO_ERROR', message: expect.stringContaining('no') as string } });
  await db.saveMemory(large);
  refusing.mockRestore();
  await db.saveMemory(large);
  await expect
    .poll(async () => (await db.info()).checkpoint)
    .toMatchObject({ failure: null, waitingBytes: 0 });
});

it.each(['throws', 'fails'])(
  'a database that cannot be opened (it %s) is STORAGE_UNAVAILABLE',
  async (how) => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(() => {
      if (how === 'throws') throw new DOMException('no', 'SecurityError');
      const request = new EventTarget();
      queueMicrotask(() => request.dispatchEvent(new Event('error')));
      return request as IDBOpenDBRequest;
    });
    const database = crypto.randomUUID();
    expect(await rejectionOf(open(database))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    const db = await open(database);
    await db.saveReceipt(receiptOf('after'));
    expect(await executionIds(db)).toEqual(['after']);
  },
);

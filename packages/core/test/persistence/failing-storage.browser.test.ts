/** What the browser's failures are called here, what is left after them, and which are tried again. */
import { afterEach, expect, it, vi } from 'vitest';
import { type Persistence, openPersistence } from '../../src/index.ts';
import { collect, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const IO_RETRIES = 2;

function open(name: string): Promise<Persistence> {
  const retry = { ioRetries: IO_RETRIES, ioRetryDelayMs: 1 };
  return openPersistence({ storage: 'indexeddb', name, worker: false, retry });
}

/** Has so many commits abort for this reason once all their requests have been made. */
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
  'a save whose commit ends with %s is %s, is not there, and can be made again',
  async (name, code, times) => {
    const place = crypto.randomUUID();
    const db = await open(place);
    await db.saveReceipt(receiptOf('before'));
    failCommits(times, name);
    expect(await rejectionOf(db.saveReceipt(receiptOf('failed')))).toMatchObject({
      name: 'PersistenceError',
      code,
      operation: 'saveReceipt',
      cause: { cause: { name } },
    });
    for (const reader of [db, await open(place)]) expect(await executionIds(reader)).toEqual(['before']);
    await db.saveReceipt(receiptOf('failed'));
    expect(await executionIds(await open(place))).toEqual(['failed', 'before']);
  },
);

it('a failure that passes is tried again, and the save is there once', async () => {
  const place = crypto.randomUUID();
  const db = await open(place);
  failCommits(IO_RETRIES, 'UnknownError');
  await db.saveReceipt(receiptOf('tried again'));
  for (const reader of [db, await open(place)]) expect(await executionIds(reader)).toEqual(['tried again']);
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
    const place = crypto.randomUUID();
    expect(await rejectionOf(open(place))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    const db = await open(place);
    await db.saveReceipt(receiptOf('after'));
    expect(await executionIds(db)).toEqual(['after']);
  },
);

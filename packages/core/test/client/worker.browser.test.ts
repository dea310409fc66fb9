/** Workers of a page: errors and streams that cross, workers that end, changes by other contexts. */
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  PersistenceError,
  type BackupDirectory,
  type Change,
  type Persistence,
  openPersistence,
} from '../../src/index.ts';
import { describeCaller } from './caller-cases.ts';
import { describeStalled } from './stalled-cases.ts';
import { causesOf, describeWorker } from './worker-cases.ts';
import { auditOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';

const freshName = (): string => crypto.randomUUID();

/** Starts a worker that the test can terminate. */
function ownWorker(): Worker {
  return new Worker(new URL('../../src/host/worker.browser.ts', import.meta.url), { type: 'module' });
}

const openInWorker = (): Promise<Persistence> => openPersistence({ storage: 'memory' });
const openInPage = (): Promise<Persistence> => openPersistence({ storage: 'memory', worker: false });

/** Hides the errors from the test runner's listeners, which fail the run. */
async function collectUncaught(work: (uncaught: unknown[]) => Promise<void>): Promise<void> {
  const uncaught: unknown[] = [];
  const collect = (event: Event): void => {
    event.stopImmediatePropagation();
    event.preventDefault();
    uncaught.push((event as ErrorEvent).error ?? (event as PromiseRejectionEvent).reason);
  };
  const stop = new AbortController();
  for (const type of ['error', 'unhandledrejection']) {
    globalThis.addEventListener(type, collect, { capture: true, signal: stop.signal });
  }
  try {
    await work(uncaught);
  } finally {
    stop.abort();
  }
}

describeWorker('a worker in a page', openInWorker);
describeCaller('in the page', openInPage, openInPage, collectUncaught);
describeCaller('to a worker in a page', openInWorker, openInPage, collectUncaught);
describeStalled('in the page', openInPage);
describeStalled('to a worker in a page', openInWorker);

it('errors cross whole: code, operation, hint and the chain of causes', async () => {
  const name = freshName();
  await using db = await openPersistence({ storage: 'indexeddb', name });
  await using local = await openPersistence({ storage: 'indexeddb', name, worker: false });
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', resolve);
    request.addEventListener('blocked', reject);
  });
  const [far, near] = [await rejectionOf(db.stats()), await rejectionOf(local.stats())];
  for (const error of [far, near]) {
    expect(error).toBeInstanceOf(PersistenceError);
    expect(error).toMatchObject({
      code: 'STORAGE_RESET',
      operation: 'stats',
      hint: expect.stringContaining('Open it again'),
    });
  }
  const described = (error: unknown): unknown[] =>
    causesOf(error).map((cause) => [cause.name, cause.message, (cause as { code?: unknown }).code]);
  expect(described(far)).toEqual(described(near));
  expect(described(far)).toHaveLength(2);
});

it('the browser opens its files of IndexedDB while a worker starts, and no other storage asks for it', async () => {
  const databases = vi.spyOn(indexedDB, 'databases');
  onTestFinished(() => databases.mockRestore());
  const opening = openPersistence({ storage: 'indexeddb', name: freshName() });
  expect(databases).toHaveBeenCalledTimes(1);
  await (await opening).close();
  for (const options of [
    { storage: 'memory' },
    { storage: 'opfs', name: freshName() },
    { storage: 'indexeddb', name: freshName(), worker: false },
  ] as const) {
    await (await openPersistence(options)).close();
  }
  expect(databases).toHaveBeenCalledTimes(1);
});

it.each<[string, unknown]>([
  ['is missing', undefined],
  [
    'throws',
    (): never => {
      throw new DOMException('no', 'SecurityError');
    },
  ],
  ['fails', (): Promise<never> => Promise.reject(new DOMException('no', 'UnknownError'))],
  ['is never answered', (): Promise<never> => new Promise(() => undefined)],
])('opening does not depend on the list of databases, which %s', async (_, databases) => {
  Object.defineProperty(indexedDB, 'databases', { configurable: true, value: databases });
  onTestFinished(() => void Reflect.deleteProperty(indexedDB, 'databases'));
  await collectUncaught(async (uncaught) => {
    await using db = await openPersistence({ storage: 'indexeddb', name: freshName() });
    await db.saveReceipt(receiptOf('kept'));
    expect(await db.stats()).toMatchObject({ receiptsTotal: 1 });
    expect(uncaught).toEqual([]);
  });
});

it('looking for the files of IndexedDB makes no database', async () => {
  const name = freshName();
  const error = await rejectionOf(openPersistence({ storage: 'indexeddb', name, create: false }));
  expect(error).toMatchObject({ code: 'NOT_FOUND' });
  expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name);
});

it('opfs without a worker is STORAGE_UNAVAILABLE, with a hint to use one', async () => {
  const error = await rejectionOf(openPersistence({ storage: 'opfs', name: freshName(), worker: false }));
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', hint: expect.stringContaining('worker') });
});

it('close of a worker that is terminated before or meanwhile is WORKER_GONE', async () => {
  const worker = ownWorker();
  const db = await openPersistence({ storage: 'memory', worker });
  const pending = rejectionOf(db.saveReceipt(receiptOf('pending')));
  worker.terminate();
  expect(await rejectionOf(db.close())).toMatchObject({ code: 'WORKER_GONE' });
  expect(await pending).toMatchObject({ code: 'WORKER_GONE' });
});

it('terminating a worker rejects every pending and every later call with WORKER_GONE', async () => {
  const worker = ownWorker();
  const db = await openPersistence({ storage: 'indexeddb', name: freshName(), worker });
  await db.saveReceipts(upTo(2000).map((index) => receiptOf(`e-${index}`)));
  const output = new WritableStream<Uint8Array>();
  const pending = [
    db.saveReceipt(receiptOf('pending')),
    db.queryReceipts({ limit: 2000 }),
    db.cleanup(),
    db.verify(),
    db.exportAuditTrail({ output }),
    db.exportImage(),
  ].map((call) => rejectionOf(call));
  worker.terminate();
  for (const error of await Promise.all(pending)) {
    expect(error).toMatchObject({ code: 'WORKER_GONE', hint: expect.stringContaining('unknown') });
  }
  expect(await rejectionOf(db.stats())).toMatchObject({ code: 'WORKER_GONE', operation: 'stats' });
  await db.close();
});

it.each([
  ['cannot be loaded', '/there-is-no-such-worker.js'],
  ['throws when it starts', `data:text/javascript,${encodeURIComponent("throw new Error('no start')")}`],
])('a worker that %s is WORKER_GONE', async (_what, url) => {
  const worker = new Worker(url, { type: 'module' });
  const error = await rejectionOf(openPersistence({ storage: 'memory', worker }));
  expect(error).toMatchObject({ name: 'PersistenceError', code: 'WORKER_GONE', operation: 'open' });
});

it.each(['of this package', 'of the application'])(
  'a worker %s that loads but never serves a database is WORKER_GONE after two minutes, and not before',
  async (owner) => {
    /** Loads an empty file, as where a server answers every URL with the same page. */
    class EmptyWorker extends Worker {
      constructor() {
        super('data:text/javascript,', { type: 'module' });
      }
    }
    vi.stubGlobal('Worker', EmptyWorker);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    });
    let failure: PersistenceError | undefined;
    const worker = owner === 'of this package' || new EmptyWorker();
    const opening = rejectionOf(openPersistence({ storage: 'memory', worker })).then(
      (error) => (failure = error as PersistenceError),
    );
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    await vi.advanceTimersByTimeAsync(119_000);
    expect(failure).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    await opening;
    expect(failure).toMatchObject({ code: 'WORKER_GONE', operation: 'open' });
    expect(vi.getTimerCount()).toBe(0);
  },
);

/** A backup directory in the origin private file system. */
async function opfsDirectory(name: string): Promise<BackupDirectory> {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  return {
    name,
    create: async (fileName) => (await folder.getFileHandle(fileName, { create: true })).createWritable(),
    finish: () => Promise.resolve(),
    discard: async () => {
      const names: string[] = [];
      for await (const fileName of folder.keys()) names.push(fileName);
      for (const fileName of names) await folder.removeEntry(fileName);
    },
    open: async (fileName) => {
      try {
        return (await (await folder.getFileHandle(fileName)).getFile()).stream();
      } catch {
        return undefined;
      }
    },
  };
}

it.each([{ storage: 'indexeddb' }, { storage: 'opfs' }, { storage: 'opfs', exclusive: true }] as const)(
  'a backup into a directory of the page can be restored, %o',
  async (options) => {
    const name = freshName();
    const db = await openPersistence({ ...options, name });
    await db.record({ receipts: upTo(500).map((index) => receiptOf(`e-${index}`)), audits: [auditOf('o')] });
    const directory = await opfsDirectory(`backup-${name}`);
    const { manifest } = await db.exportBackup({ directory });
    await db.close();
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(`backup-${name}`);
    for (const { name: fileName, bytes } of manifest.files) {
      expect((await (await folder.getFileHandle(fileName)).getFile()).size, fileName).toBe(bytes);
    }
    await using restored = await openPersistence({ ...options, name: freshName() });
    expect(await restored.restoreBackup({ directory })).toMatchObject({ receipts: 500, auditEntries: 1 });
    expect((await restored.verify()).receiptsVerified).toBe(500);
  },
);

it.each(['indexeddb', 'opfs'] as const)('subscribe reports commits of other workers, %s', async (storage) => {
  const name = freshName();
  await using listener = await openPersistence({ storage, name });
  await using writer = await openPersistence({ storage, name });
  const changes: Change[] = [];
  listener.subscribe((change) => void changes.push(change));
  await writer.saveReceipt(receiptOf('a'));
  await writer.logAudit(auditOf('o'));
  await expect.poll(() => changes.map(({ tables }) => tables)).toEqual([['receipts'], ['audit_log']]);
  expect((await listener.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['a']);
});

it.each(['indexeddb', 'opfs'] as const)(
  'every acknowledged receipt of three workers that save at once is there, %s',
  async (storage) => {
    const name = freshName();
    const workers = await Promise.all(upTo(3).map(() => openPersistence({ storage, name })));
    await Promise.all(
      workers.map(async (db, who) => {
        for (const index of upTo(20)) await db.saveReceipt(receiptOf(`${who}-${index}`));
      }),
    );
    for (const db of workers) {
      expect((await db.stats()).receiptsTotal).toBe(60);
      expect((await db.verify()).ok).toBe(true);
      await db.close();
    }
  },
);

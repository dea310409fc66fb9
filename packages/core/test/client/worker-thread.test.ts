/** Worker threads in particular. The persistence suite runs behind one in `persistence-worker.test.ts`. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import {
  type BackupDirectory,
  type Change,
  type Persistence,
  type PersistenceError,
  openPersistence,
} from '../../src/index.ts';
import { MemoryBackupDirectory } from '../../src/testing/index.ts';
import { auditOf, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { collectUncaught } from '../support/collect-uncaught.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { describeCaller } from './caller-cases.ts';
import { describeStalled } from './stalled-cases.ts';
import { causesOf, describeWorker } from './worker-cases.ts';

let children: Children;
const threads: Worker[] = [];

beforeAll(async () => {
  children = await Children.bundle([`${import.meta.dirname}/../children/serve-database.ts`]);
});
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.terminate();
});
afterAll(() => children.remove());

function startThread(): Worker {
  const worker = new Worker(children.script('serve-database'));
  threads.push(worker);
  return worker;
}

const openInThread = (): Promise<Persistence> =>
  openPersistence({ storage: 'memory', worker: startThread() });
const openInProcess = (): Promise<Persistence> => openPersistence({ storage: 'memory', worker: false });

describeWorker('a worker thread', openInThread);
describeCaller('in process', openInProcess, openInProcess, collectUncaught);
describeCaller('to a worker thread', openInThread, openInProcess, collectUncaught);
describeStalled('in process', openInProcess);
describeStalled('to a worker thread', openInThread);

it('what crosses to a worker is released when the operation and the database end, not by garbage collection', async () => {
  const openPorts = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const worker = startThread();
  await once(worker, 'online');
  const unopened = openPorts();
  const db = await openPersistence({ storage: 'memory', worker });
  const idle = openPorts();
  const directory = new MemoryBackupDirectory();
  await db.exportBackup({ directory });
  await db.restoreBackup({ directory });
  await db.exportAuditTrail({ output: new WritableStream() });
  await db.verify();
  await rejectionOf(db.restoreBackup({ directory: new MemoryBackupDirectory() }));
  const stop = new AbortController();
  const output = new WritableStream({ write: () => stop.abort(), abort: () => new Promise(() => undefined) });
  await rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
  await expect.poll(openPorts).toBe(idle);
  await db.close();
  await expect.poll(openPorts).toBe(unopened);
});

it.each(['goes on', 'stalls'])(
  'a backup whose worker has ended while a stream %s ends the stream and is discarded',
  async (how) => {
    const worker = startThread();
    const db = await openPersistence({ storage: 'memory', worker });
    const ends: unknown[] = [];
    let discards = 0;
    const directory: BackupDirectory = {
      name: 'orphaned',
      create: () =>
        Promise.resolve(
          new WritableStream({
            start(controller) {
              const { signal } = controller as unknown as { readonly signal: AbortSignal };
              signal.addEventListener('abort', () => void ends.push(signal.reason));
            },
            async write() {
              void worker.terminate();
              if (how === 'stalls') await new Promise(() => undefined);
            },
          }),
        ),
      finish: () => Promise.resolve(),
      discard: async () => void discards++,
      open: () => Promise.resolve(undefined),
    };
    const error = await rejectionOf(db.exportBackup({ directory }));
    expect(error).toMatchObject({ code: 'WORKER_GONE' });
    expect([ends, discards]).toEqual([[error], 1]);
  },
);

it('errors cross whole, down to the error of the operating system', async () => {
  const [near, far] = await Promise.all(
    [false, startThread()].map((worker) =>
      rejectionOf(openPersistence({ storage: 'file', path: '/dev/null/no/ggen.db', worker })),
    ),
  );
  const described = (error: unknown): unknown[] =>
    causesOf(error).map((cause) => {
      const { name, message, code, hint } = cause as Error & { code?: unknown; hint?: unknown };
      return { name, message, code, hint };
    });
  expect(described(far)).toEqual(described(near));
  expect(described(far).at(-1)).toMatchObject({ code: 'ENOTDIR' });
});

it.each([
  ['cannot be loaded', () => new Worker('/there-is-no-such-worker.js')],
  ['throws when it starts', () => new Worker("throw new Error('no start')", { eval: true })],
  ['ends at once', () => new Worker('process.exit(0)', { eval: true })],
])('a worker that %s is WORKER_GONE', async (_what, start) => {
  const error = await rejectionOf(openPersistence({ storage: 'memory', worker: start() }));
  expect(error).toMatchObject({ name: 'PersistenceError', code: 'WORKER_GONE', operation: 'open' });
});

it('a worker that never serves a database is WORKER_GONE after two minutes, and not before', async () => {
  const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
  threads.push(worker);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let failure: PersistenceError | undefined;
  const opening = rejectionOf(openPersistence({ storage: 'memory', worker })).then(
    (error) => (failure = error as PersistenceError),
  );
  await vi.waitUntil(() => vi.getTimerCount() === 1);
  await vi.advanceTimersByTimeAsync(119_000);
  expect(failure).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1000);
  await opening;
  expect(failure).toMatchObject({
    code: 'WORKER_GONE',
    operation: 'open',
    hint: expect.stringContaining('startWorker'),
  });
  expect(vi.getTimerCount()).toBe(0);
});

it('subscribe reports commits of other threads to the file', async () => {
  const database = createTestDatabase();
  await using listener = await database.open({ worker: startThread() });
  await using writer = await database.open({ worker: startThread() });
  const changes: Change[] = [];
  listener.subscribe((change) => void changes.push(change));
  await writer.saveReceipt(receiptOf('a'));
  await writer.logAudit(auditOf('o'));
  await expect.poll(() => changes.length).toBeGreaterThan(0);
  expect((await listener.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['a']);
});

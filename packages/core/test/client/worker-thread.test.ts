/** Worker threads in particular. The persistence suite runs behind one in `persistence-worker.test.ts`. */
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Change, openPersistence } from '../../src/index.ts';
import { auditOf, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { createTestDatabase } from '../support/test-database.ts';
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

describeWorker('a worker thread', () => openPersistence({ storage: 'memory', worker: startThread() }));

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

it('subscribe reports commits of other threads to the file', async () => {
  const database = createTestDatabase();
  await using listener = await database.open({ worker: startThread() });
  await using writer = await database.open({ worker: startThread() });
  const changes: Change[] = [];
  listener.subscribe((change) => void changes.push(change));
  await writer.saveReceipt(receiptOf('a'));
  await writer.logAudit(auditOf('o'));
  await expect.poll(() => changes.length, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await listener.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['a']);
});

/** The RPC by itself, between the two ends of a message channel. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { afterEach, expect, it } from 'vitest';
import { PersistenceError } from '../../src/index.ts';
import {
  type AbortableService,
  expose,
  proxy,
  registerErrorClass,
  RpcClient,
  RunningOperations,
} from '../../src/protocol/rpc.ts';
import { rejectionOf } from '../../src/testing/persistence-case.ts';

class LocatedError extends Error {
  override readonly name = 'LocatedError';
  readonly location: { readonly line: number };

  constructor(message: string, location: { readonly line: number }) {
    super(message);
    this.location = location;
  }
}
registerErrorClass('LocatedError', LocatedError);

interface TestService extends AbortableService {
  fail(): Promise<void>;
  relay(callback: () => Promise<void>): Promise<void>;
  wait(operationId: number): Promise<string>;
  never(): Promise<void>;
}

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function connect(thrown: unknown): RpcClient<TestService> {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const operations = new RunningOperations();
  const service: TestService = {
    fail: () => Promise.reject(thrown),
    relay: (callback) => callback(),
    wait: (operationId) =>
      operations.run(
        operationId,
        (signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve(`aborted: ${String(signal.reason)}`));
          }),
      ),
    never: () => new Promise(() => undefined),
    abort: (operationId, reason) => operations.abort(operationId, reason),
  };
  expose(service, nodeEndpoint(port2));
  return new RpcClient<TestService>(nodeEndpoint(port1));
}

const received = (thrown: unknown): Promise<unknown> =>
  rejectionOf(connect(thrown).call('fail', (service) => service.fail()));

it('an error crosses whole: class, code, operation, hint, stack and the chain of causes', async () => {
  const cause = Object.assign(new TypeError('no room'), { code: 'ENOSPC', errno: -28 });
  const sent = new PersistenceError('DISK_FULL', 'No room left', {
    operation: 'saveReceipt',
    hint: 'Make room.',
    cause: new PersistenceError('IO_ERROR', 'The storage failed', { operation: 'commit', cause }),
  });
  const error = (await received(sent)) as PersistenceError;
  expect(error).toBeInstanceOf(PersistenceError);
  expect(error).toMatchObject({ code: 'DISK_FULL', operation: 'saveReceipt', hint: 'Make room.' });
  expect(error.stack).toBe(sent.stack);
  const middle = error.cause as PersistenceError;
  expect(middle).toBeInstanceOf(PersistenceError);
  expect(middle.hint).toBeUndefined();
  expect(middle.cause).toBeInstanceOf(Error);
  expect(middle.cause).toMatchObject({
    name: 'TypeError',
    message: 'no room',
    code: 'ENOSPC',
    errno: -28,
  });
});

it('an error of a registered class comes back as one, with its own properties', async () => {
  const error = await received(new LocatedError('unexpected token', { line: 3 }));
  expect(error).toBeInstanceOf(LocatedError);
  expect(error).toMatchObject({ message: 'unexpected token', location: { line: 3 } });
});

it('a property that cannot be cloned is left out', async () => {
  const error = await received(Object.assign(new Error('odd'), { retry: () => undefined, left: 2 }));
  expect(error).toMatchObject({ message: 'odd', left: 2 });
  expect(error).not.toHaveProperty('retry');
});

it('the code of a DOMException crosses, although it is not a property of its own', async () => {
  const sent = new DOMException('no room', 'QuotaExceededError');
  expect(await received(sent)).toMatchObject({ name: 'QuotaExceededError', code: sent.code });
});

it('a circular chain of causes is cut after eight', async () => {
  const error = new Error('round');
  error.cause = error;
  let depth = 0;
  for (let cause = (await received(error)) as Error | undefined; cause; cause = cause.cause as Error)
    depth += 1;
  expect(depth).toBe(9);
});

it('a value thrown that is not an error arrives as it is', async () => {
  expect(await rejectionOf(connect('text').call('fail', (service) => service.fail()))).toBe('text');
});

it('an error of a callback crosses to the worker and back', async () => {
  const callback = (): Promise<void> =>
    Promise.reject(new PersistenceError('NOT_FOUND', 'nothing', { operation: 'getMemory' }));
  const error = await rejectionOf(
    connect(undefined).call('relay', (service) => service.relay(proxy(callback))),
  );
  expect(error).toBeInstanceOf(PersistenceError);
  expect(error).toMatchObject({ code: 'NOT_FOUND', operation: 'getMemory' });
});

it('an operation is aborted by its signal alone, also by one that fired before', async () => {
  const client = connect(undefined);
  const first = new AbortController();
  const second = new AbortController();
  const run = (signal: AbortSignal): Promise<string> =>
    client.run('wait', signal, (service, operationId) => service.wait(operationId));
  const running = [run(first.signal), run(second.signal)] as const;
  second.abort(new RangeError('enough'));
  expect(await Promise.race(running.map((call, index) => call.then(() => index)))).toBe(1);
  expect(await running[1]).toBe('aborted: RangeError: enough');
  first.abort(Symbol('no clone'));
  expect(await running[0]).toBe('aborted: Symbol(no clone)');
  expect(await run(AbortSignal.abort('before'))).toBe('aborted: before');
});

it('rejectPending settles every pending call by its operation, and every later one', async () => {
  const client = connect(undefined);
  const pending = ['first', 'second'].map((operation) =>
    rejectionOf(client.call(operation, (service) => service.never())),
  );
  client.rejectPending((operation) => new Error(`${operation} refused`));
  expect((await Promise.all(pending)).map(String)).toEqual(['Error: first refused', 'Error: second refused']);
  expect(String(await rejectionOf(client.call('third', (service) => service.never())))).toBe(
    'Error: third refused',
  );
});

it('refuseCalls rejects later calls, and pending ones are still answered', async () => {
  const client = connect(undefined);
  const stop = new AbortController();
  const running = client.run('wait', stop.signal, (service, operationId) => service.wait(operationId));
  stop.abort('at once');
  client.refuseCalls((operation) => new Error(`${operation} refused`));
  expect(await running).toBe('aborted: at once');
  expect(String(await rejectionOf(client.call('later', (service) => service.never())))).toBe(
    'Error: later refused',
  );
});

import { ASYNC_DISPOSE } from '../api/async-dispose.ts';
import { PersistenceError } from '../api/errors.ts';
import type {
  BackupDirectory,
  ChangeKeyOptions,
  ChangesOptions,
  LongOperationOptions,
  OpenOptions,
  Persistence,
  Progress,
  StoredDatabaseOptions,
} from '../api/persistence.ts';
import type { Signal } from '../api/platform-types.ts';
import { ChangeListeners } from '../changes/change-listeners.ts';
import { streamChanges, type ChangesSource } from '../changes/change-stream.ts';
import { toCloneable } from '../protocol/cloneable.ts';
import {
  METHODS,
  sourceOptionOf,
  type MethodsOf,
  type PersistenceService,
  type RemoteMethod,
  type RowQuery,
  type WorkerService,
} from '../protocol/methods.ts';
import { proxy, RpcClient, type Refusal } from '../protocol/rpc.ts';
import { CallerStreams, isBackupDirectory, PIECE_BYTES } from '../streams/caller-streams.ts';
import { RowStream } from '../streams/row-stream.ts';
import { abortedError, throwIfAborted } from '../validation/abort.ts';
import { checkLongOperation, imageOptions } from '../validation/long-operation.ts';
import { NumberedStreams } from './numbered-streams.ts';
import { createCallbacks } from './remote-callbacks.ts';
import type { WorkerConnection } from './spawn-worker.ts';
import { untilStarted } from './worker-start.ts';

/** Options of an operation, as far as the client looks at them. */
interface CallerOptions extends LongOperationOptions {
  readonly directory?: string | BackupDirectory;
  readonly output?: unknown;
  readonly input?: unknown;
  readonly image?: unknown;
}

/**
 * Opens a database in a worker.
 * @param connecting - rejects when the worker cannot be started
 * @throws {PersistenceError} as `openPersistence` does
 */
export async function openInWorker(
  connecting: Promise<WorkerConnection>,
  options: OpenOptions,
): Promise<Persistence> {
  const ended = new AbortController();
  const { connection, rpc } = await startedWorker('open', connecting, () => ended.abort());
  const listeners = new ChangeListeners();
  try {
    await rpc.call('open', (service) => service.open(toCloneable('open', options) as OpenOptions));
    await rpc.call('open', (service) => service.subscribe(proxy((change) => listeners.notify(change))));
  } catch (error) {
    await connection.end();
    throw error;
  }
  connection.onRestore(() => {
    // A worker that ended has no changes to report; the pending calls say so.
    rpc.call('subscribe', (service) => service.checkForChanges()).catch(() => undefined);
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeWorker(connection, rpc, ended));
  const events: ChangesSource = {
    read: (request) => rpc.call('changes', (service) => service.readChanges(request)),
    subscribe: (listener) => listeners.add(listener),
    ended: ended.signal,
  };
  return {
    ...createRemoteMethods(rpc, events),
    subscribe: (listener) => listeners.add(listener),
    close,
    [ASYNC_DISPOSE]: close,
  };
}

/** Connects to a worker, and waits until its code runs. @param onEnd - called when it has ended by itself */
async function startedWorker(
  operation: string,
  connecting: Promise<WorkerConnection>,
  onEnd: () => void,
): Promise<{ readonly connection: WorkerConnection; readonly rpc: RpcClient<WorkerService> }> {
  const connection = await connecting.catch((reason: unknown) => {
    throw reason instanceof PersistenceError ? reason : workerGone(reason)(operation);
  });
  const rpc = new RpcClient<WorkerService>(connection.endpoint);
  connection.onTerminated((reason) => {
    rpc.rejectPending(workerGone(reason));
    onEnd();
  });
  try {
    await untilStarted(rpc.call(operation, (service) => service.confirmStart(connection.livenessLock)));
  } catch (error) {
    await connection.end();
    throw error;
  }
  connection.watchLivenessLock();
  return { connection, rpc };
}

/**
 * Changes the key of a database in a worker, which ends afterwards if it was started here.
 * @param connecting - rejects when the worker cannot be started
 * @throws {PersistenceError} as `changeKey` does
 */
export async function changeKeyInWorker(
  connecting: Promise<WorkerConnection>,
  database: StoredDatabaseOptions,
  options: ChangeKeyOptions,
): Promise<void> {
  const operation = 'changeKey';
  const { newKey, onProgress, signal } = checkLongOperation(operation, options);
  throwIfAborted(operation, signal);
  const { connection, rpc } = await startedWorker(operation, connecting, () => undefined);
  let settled = false;
  const report = (progress: Progress): void => {
    if (!settled) onProgress?.(progress);
  };
  try {
    await rpc.run(operation, signal, (service, operationId) =>
      service.changeKey(
        toCloneable(operation, database) as StoredDatabaseOptions,
        toCloneable(operation, newKey) as ChangeKeyOptions['newKey'],
        operationId,
        proxy({ progress: report }),
      ),
    );
  } catch (error) {
    throw withReason(error, operation, signal, false);
  } finally {
    settled = true;
    rpc.release();
    await connection.end();
  }
}

async function closeWorker(
  connection: WorkerConnection,
  rpc: RpcClient<PersistenceService>,
  ended: AbortController,
): Promise<void> {
  // A worker that ended before was terminated by other means, and nothing is left to close.
  if (rpc.refusing) return;
  const closed = rpc.call('close', (service) => service.close());
  rpc.refuseCalls((operation) => new PersistenceError('CLOSED', 'The database is closed', { operation }));
  ended.abort();
  try {
    await closed;
  } finally {
    rpc.release();
    await connection.end();
  }
}

function workerGone(reason: unknown): Refusal {
  return (operation) =>
    new PersistenceError('WORKER_GONE', 'The worker that owns the database has ended', {
      operation,
      cause: reason,
      hint: 'Open the database again. It is unknown if a pending write happened: save it again with `ifAbsent`.',
    });
}

/** Makes a method that calls the other end for each one of the table. */
export function createRemoteMethods(
  rpc: RpcClient<PersistenceService>,
  events: ChangesSource,
): Pick<Persistence, RemoteMethod> {
  const methods = Object.entries(METHODS).map(([method, kind]) => {
    switch (kind) {
      case 'call':
        return [method, (...parameters: unknown[]) => call(rpc, method as MethodsOf<'call'>, parameters)];
      case 'rows':
        return [method, (query: RowQuery = {}) => readRows(rpc, method as MethodsOf<'rows'>, query)];
      case 'events':
        return [method, (options?: ChangesOptions) => streamChanges(events, options)];
      case 'operation':
        return [
          method,
          (options: CallerOptions | Uint8Array = {}) =>
            run(
              rpc,
              method as MethodsOf<'operation'>,
              method === 'importImage' ? imageOptions(options) : (options as CallerOptions),
            ),
        ];
      default:
        return [];
    }
  });
  return Object.fromEntries(methods.filter((entry) => entry.length > 0)) as Pick<Persistence, RemoteMethod>;
}

async function call(
  rpc: RpcClient<PersistenceService>,
  method: MethodsOf<'call'>,
  parameters: unknown[],
): Promise<unknown> {
  const cloneable = parameters.map((parameter) => toCloneable(method, parameter));
  return rpc.call(method, (service) => service.call(method, cloneable));
}

function readRows(
  rpc: RpcClient<PersistenceService>,
  method: MethodsOf<'rows'>,
  query: RowQuery,
): RowStream<unknown> {
  return new RowStream(async (batchRows, cursor) => {
    const cloneable = toCloneable(method, query) as RowQuery;
    return rpc.call(method, (service) => service.readRows(method, cloneable, batchRows, cursor));
  });
}

async function run(
  rpc: RpcClient<PersistenceService>,
  method: MethodsOf<'operation'>,
  given: CallerOptions,
): Promise<unknown> {
  const { signal, onProgress, directory, ...rest } = checkLongOperation(method, given);
  throwIfAborted(method, signal);
  const caller = new CallerStreams(signal);
  const streams = new NumberedStreams();
  const ownDirectory = isBackupDirectory(directory) ? caller.directory(directory) : undefined;
  let settled = false;
  const callbacks = createCallbacks(onProgress, ownDirectory, streams, () => settled);
  try {
    const { output } = rest;
    const sourceOption = sourceOptionOf(method);
    const source = sourceOption && inPieces(rest[sourceOption]);
    const outputTarget =
      output instanceof WritableStream ? streams.addTarget(caller.target(output)) : undefined;
    const inputSource =
      source instanceof ReadableStream ? streams.addSource(caller.source(source)) : undefined;
    const options = toCloneable(method, {
      ...rest,
      ...(inputSource === undefined || sourceOption === undefined ? {} : { [sourceOption]: undefined }),
      ...(ownDirectory ? {} : { directory }),
      ...(outputTarget === undefined ? {} : { output: undefined }),
    }) as Record<string, unknown>;
    const sent = { options, outputTarget, inputSource, directoryName: ownDirectory?.name };
    return await rpc.run(method, signal, (service, operationId) =>
      service.run(method, sent, operationId, proxy(callbacks)),
    );
  } catch (error) {
    settled = true;
    caller.abort(signal?.aborted ? signal.reason : error);
    await ownDirectory?.discard();
    throw withReason(error, method, signal, caller.isUsed);
  } finally {
    settled = true;
    caller.release();
  }
}

/** Makes a stream of many bytes: a server takes no message of any size, and a worker would get a second copy of all. */
function inPieces(source: unknown): unknown {
  if (!(source instanceof Uint8Array) || source.byteLength <= PIECE_BYTES) return source;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(source);
      controller.close();
    },
  });
}

/**
 * Gives an abort the reason itself as its cause: what crossed is a copy.
 * @param hasStreams - true when the operation used streams of the caller. They end with the signal, and the worker may be
 * told of that before it is told of the abort
 */
function withReason(
  error: unknown,
  operation: string,
  signal: Signal | undefined,
  hasStreams: boolean,
): unknown {
  if (!signal?.aborted || !(error instanceof PersistenceError)) return error;
  const { code, message, hint } = error;
  if (code === 'ABORTED') {
    return new PersistenceError(code, message, { operation, ...(hint && { hint }), cause: signal.reason });
  }
  return hasStreams && code !== 'WORKER_GONE' ? abortedError(operation, signal) : error;
}

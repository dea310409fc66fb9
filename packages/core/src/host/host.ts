import { holdLivenessLock } from '#host/liveness-lock';
import { PersistenceError } from '../api/errors.ts';
import type {
  Change,
  ChangeKeyOptions,
  OpenOptions,
  Progress,
  RangeLocks,
  StoredDatabaseOptions,
} from '../api/persistence.ts';
import type { ChangesBatch, ChangesRequest } from '../changes/change-stream.ts';
import type { DatabasePersistence } from '../persistence/database-persistence.ts';
import { openInProcess } from '../persistence/open-in-process.ts';
import type {
  MethodsOf,
  OperationOptions,
  RemoteCallbacks,
  RowQuery,
  WorkerService,
} from '../protocol/methods.ts';
import { fromCloneable } from '../protocol/cloneable.ts';
import { expose, release, RunningOperations, type Endpoint, type SerializedValue } from '../protocol/rpc.ts';
import type { RowBatch, Cursor } from '../tables/keyset-pagination.ts';
import { runOperation } from './run-operation.ts';

/** Options for the worker itself, which cannot be sent to it. */
export interface HostOptions {
  /** Time written into the tables. @default the system's clock */
  readonly clock?: () => Date;
  /** Locks of database files. @default the locks of this runtime */
  readonly rangeLocks?: RangeLocks;
}

/** The worker's service: one open database. */
class Host implements WorkerService {
  readonly #options: HostOptions;
  readonly #operations: RunningOperations = new RunningOperations();
  #persistence: DatabasePersistence | undefined;
  #listener: ((change: Change) => void) | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  async confirmStart(livenessLock: string): Promise<void> {
    await holdLivenessLock(livenessLock);
  }

  async open(options: OpenOptions): Promise<void> {
    this.#persistence = await openInProcess({ ...fromCloneable(options), ...this.#options });
  }

  async changeKey(
    database: StoredDatabaseOptions,
    newKey: ChangeKeyOptions['newKey'],
    operationId: number,
    callbacks: Pick<RemoteCallbacks, 'progress'>,
  ): Promise<void> {
    const { changeKeyInProcess } = await import('../persistence/change-key.ts');
    return this.#operations.run(operationId, async (signal) => {
      try {
        const onProgress = (progress: Progress): void => callbacks.progress(progress);
        await changeKeyInProcess(fromCloneable(database), {
          newKey: fromCloneable(newKey),
          signal,
          onProgress,
        });
      } finally {
        release(callbacks);
      }
    });
  }

  async call(method: MethodsOf<'call'>, parameters: readonly unknown[]): Promise<unknown> {
    const target = this.#opened();
    return (target[method] as (...parameters: readonly unknown[]) => Promise<unknown>).apply(target, [
      ...fromCloneable(parameters),
    ]);
  }

  async readRows(
    method: MethodsOf<'rows'>,
    query: RowQuery,
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<RowBatch<unknown>> {
    return this.#opened().readRows(method, fromCloneable(query), batchRows, cursor);
  }

  async readChanges(request: ChangesRequest): Promise<ChangesBatch> {
    return this.#opened().readChanges(request);
  }

  run(
    method: MethodsOf<'operation'>,
    options: OperationOptions,
    operationId: number,
    callbacks: RemoteCallbacks,
  ): Promise<unknown> {
    return this.#operations.run(operationId, async (signal) => {
      try {
        return await runOperation(this.#opened(), method, options, signal, callbacks);
      } finally {
        release(callbacks);
      }
    });
  }

  abort(operationId: number, reason: SerializedValue): void {
    this.#operations.abort(operationId, reason);
  }

  subscribe(listener: (change: Change) => void): void {
    this.#opened().subscribe(listener);
    this.#listener = listener;
  }

  checkForChanges(): void {
    this.#persistence?.checkForChanges();
  }

  async close(): Promise<void> {
    try {
      await this.#persistence?.close();
    } finally {
      if (this.#listener) release(this.#listener);
      this.#listener = undefined;
    }
  }

  #opened(): DatabasePersistence {
    if (!this.#persistence)
      throw new PersistenceError('CLOSED', 'The database is not open', { operation: 'call' });
    return this.#persistence;
  }
}

/** Serves a database to the client at the other end of an endpoint. */
export function serve(endpoint: Endpoint, options: HostOptions): void {
  expose(new Host(options), endpoint);
}

import * as Comlink from 'comlink';
import type { DatabasePersistence, RowQueries } from '../persistence/database-persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import { holdLivenessLock } from '#host/liveness-lock';
import { openInProcess } from '../persistence/open-in-process.ts';
import type { BackupDirectory, Change, OpenOptions, Progress } from '../api/persistence.ts';
import type { RowBatch, Cursor } from '../tables/keyset-pagination.ts';
import type { Caller, LongMethod, LongOptions, PersistenceHost, PlainMethod } from '../protocol/methods.ts';
import { answer, unwrap, type Answer } from '../protocol/serialize-error.ts';

/** What the worker itself can be given, because it cannot be sent. */
export interface HostOptions {
  /** The time written into the tables. @default the system's */
  readonly clock?: () => Date;
}

/** The worker's side: one open database, served to whoever holds the other end. */
export class Host implements PersistenceHost {
  readonly #options: HostOptions;
  readonly #running: Map<number, AbortController> = new Map();
  #persistence: DatabasePersistence | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  open(options: OpenOptions, livenessLock: string): Promise<Answer<void>> {
    return answer(async () => {
      await holdLivenessLock(livenessLock);
      this.#persistence = await openInProcess({ ...options, ...this.#options });
    });
  }

  call(method: PlainMethod, parameters: readonly unknown[]): Promise<Answer<unknown>> {
    return answer(() => {
      const target = this.#opened();
      return (target[method] as (...parameters: readonly unknown[]) => Promise<unknown>).apply(target, [
        ...parameters,
      ]);
    });
  }

  readRows<Method extends keyof RowQueries>(
    method: Method,
    query: RowQueries[Method]['query'],
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<Answer<RowBatch<RowQueries[Method]['row']>>> {
    return answer(() => this.#opened().readRows(method, query, batchRows, cursor));
  }

  run(method: LongMethod, long: LongOptions, operationId: number, caller: Caller): Promise<Answer<unknown>> {
    const controller = new AbortController();
    this.#running.set(operationId, controller);
    return answer(async () => {
      const target = this.#opened();
      const options = {
        ...long.options,
        ...(long.directoryName === undefined
          ? {}
          : { directory: callersDirectory(long.directoryName, caller) }),
        onProgress: (progress: Progress) => caller.progress(progress),
        signal: controller.signal,
      };
      try {
        return await (target[method] as (options: unknown) => Promise<unknown>).call(target, options);
      } finally {
        this.#running.delete(operationId);
      }
    });
  }

  abort(operationId: number): void {
    this.#running.get(operationId)?.abort();
  }

  subscribe(listener: (change: Change) => void): void {
    this.#opened().subscribe(listener);
  }

  lookForChanges(): void {
    this.#persistence?.lookForChanges();
  }

  close(): Promise<Answer<void>> {
    return answer(() => this.#persistence?.close());
  }

  #opened(): DatabasePersistence {
    if (!this.#persistence)
      throw new PersistenceError('CLOSED', 'The database is not open', { operation: 'call' });
    return this.#persistence;
  }
}

/** A folder that lives on the caller's side. */
function callersDirectory(name: string, caller: Caller): BackupDirectory {
  return {
    name,
    create: async (fileName) => unwrap(await caller.createFile(fileName)),
    finish: async () => unwrap(await caller.finishDirectory()),
    discard: async () => unwrap(await caller.discardDirectory()),
    open: async (fileName) => unwrap(await caller.openFile(fileName)),
  };
}

/** Serves a database over an endpoint. */
export function serve(endpoint: Comlink.Endpoint, options: HostOptions): void {
  Comlink.expose(new Host(options), endpoint);
}

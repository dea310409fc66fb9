import * as Comlink from 'comlink';
import type { RowQueries } from '../persistence/database-persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import { fileFailure } from '../exports/audit-export.ts';
import { StreamFailure } from '../exports/byte-sink.ts';
import { RowStream } from '../exports/row-stream.ts';
import type * as Api from '../api/persistence.ts';
import type { RowBatch } from '../tables/keyset-pagination.ts';
import { callerSide, handOver, RelayedStreams } from './remote-callbacks.ts';
import type { LongMethod, PersistenceHost, PlainMethod } from '../protocol/methods.ts';
import { unwrap, type Answer } from '../protocol/serialize-error.ts';
import type { WorkerConnection } from './spawn-worker.ts';

/** The {@link Api.Persistence} of a database that lives in a worker. */
export class PersistenceClient implements Api.Persistence {
  readonly #connection: WorkerConnection;
  readonly #host: Comlink.Remote<PersistenceHost>;
  /** Settles what is waiting when the worker goes. */
  readonly #pending: Set<(error: PersistenceError) => void> = new Set();
  readonly #listeners: Set<(change: Api.Change) => void> = new Set();
  #operations = 0;
  #gone: PersistenceError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(connection: WorkerConnection) {
    this.#connection = connection;
    this.#host = Comlink.wrap<PersistenceHost>(connection.endpoint);
    connection.onGone((reason) => this.#giveUp(reason));
  }

  /** Opens a database in a worker. What `openPersistence` throws, this throws. */
  static async open(connection: WorkerConnection, options: Api.OpenOptions): Promise<PersistenceClient> {
    const client = new PersistenceClient(connection);
    try {
      unwrap(
        await client.#settled<Answer<void>>('open', () =>
          client.#host.open(options, connection.livenessLock),
        ),
      );
      connection.watch();
      await client.#settled('open', () =>
        client.#host.subscribe(Comlink.proxy((change) => client.#announce(change))),
      );
      connection.onReturn(() => {
        if (!client.#gone) void client.#host.lookForChanges();
      });
      return client;
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  saveReceipt(receipt: Api.NewReceipt): Promise<Api.SavedReceipt> {
    return this.#call('saveReceipt', receipt);
  }

  saveReceipts(receipts: readonly Api.NewReceipt[]): Promise<Api.SavedReceipt[]> {
    return this.#call('saveReceipts', receipts);
  }

  queryReceipts(query: Api.ReceiptQuery = {}): Api.Rows<Api.ReceiptRow> {
    return this.#rows('queryReceipts', query);
  }

  getReceipt(receiptId: string): Promise<string> {
    return this.#call('getReceipt', receiptId);
  }

  saveMemory(memory: Api.NewMemory): Promise<Api.SavedMemory> {
    return this.#call('saveMemory', memory);
  }

  saveMemories(memories: readonly Api.NewMemory[]): Promise<Api.SavedMemory[]> {
    return this.#call('saveMemories', memories);
  }

  getMemory(agentId: string): Promise<string> {
    return this.#call('getMemory', agentId);
  }

  queryMemory(query: Api.MemoryQuery = {}): Api.Rows<Api.MemoryRow> {
    return this.#rows('queryMemory', query);
  }

  logAudit(entry: Api.NewAuditEntry): Promise<Api.LoggedAudit> {
    return this.#call('logAudit', entry);
  }

  logAudits(entries: readonly Api.NewAuditEntry[]): Promise<Api.LoggedAudit[]> {
    return this.#call('logAudits', entries);
  }

  queryAuditTrail(query: Api.AuditQuery = {}): Api.Rows<Api.AuditRow> {
    return this.#rows('queryAuditTrail', query);
  }

  record(batch: Api.RecordBatch): Promise<Api.RecordedBatch> {
    return this.#call('record', batch);
  }

  exportAuditTrail(options: Api.AuditExportOptions = {}): Promise<Api.ExportReport> {
    return this.#run('exportAuditTrail', options);
  }

  exportBackup(options: Api.BackupOptions = {}): Promise<Api.BackupReport> {
    return this.#run('exportBackup', options);
  }

  restoreBackup(options: Api.RestoreOptions): Promise<Api.RestoreReport> {
    return this.#run('restoreBackup', options);
  }

  analytics(query?: Api.AnalyticsQuery): Promise<Api.AnalyticsReport> {
    return this.#call('analytics', query);
  }

  stats(): Promise<Api.Stats> {
    return this.#call('stats');
  }

  cleanup(options: Api.CleanupOptions = {}): Promise<Api.CleanupReport> {
    return this.#run('cleanup', options);
  }

  reset(): Promise<void> {
    return this.#call('reset');
  }

  verify(options: Api.LongOperationOptions = {}): Promise<Api.VerifyReport> {
    return this.#run('verify', options);
  }

  exportImage(): Promise<Uint8Array> {
    return this.#call('exportImage');
  }

  importImage(image: Uint8Array): Promise<void> {
    return this.#call('importImage', image);
  }

  info(): Promise<Api.Info> {
    return this.#call('info');
  }

  subscribe(listener: (change: Api.Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    if (this.#gone) return;
    const closed = this.#settled<Answer<void>>('close', () => this.#host.close());
    this.#gone = new PersistenceError('CLOSED', 'The database is closed', { operation: 'close' });
    try {
      unwrap(await closed);
    } finally {
      this.#host[Comlink.releaseProxy]();
      await this.#connection.end();
    }
  }

  #announce(change: Api.Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  async #call<Result>(method: PlainMethod, ...parameters: unknown[]): Promise<Result> {
    return unwrap(
      await this.#settled<Answer<Result>>(method, () =>
        this.#host.call(method, sendable(method, parameters)),
      ),
    );
  }

  #rows<Method extends keyof RowQueries>(
    method: Method,
    query: RowQueries[Method]['query'],
  ): Api.Rows<RowQueries[Method]['row']> {
    return new RowStream(async (batchRows, cursor) =>
      unwrap(
        await this.#settled<Answer<RowBatch<RowQueries[Method]['row']>>>(method, () =>
          this.#host.readRows(method, query, batchRows, cursor),
        ),
      ),
    );
  }

  async #run<Result>(
    method: LongMethod,
    given: Api.LongOperationOptions & { output?: unknown; directory?: unknown },
  ): Promise<Result> {
    const { signal, onProgress, directory, ...options } = given;
    const operationId = ++this.#operations;
    const ownDirectory = typeof directory === 'object' ? (directory as Api.BackupDirectory) : undefined;
    const crossing = { ...options, ...(typeof directory === 'string' ? { directory } : {}) };
    const streams = new RelayedStreams();
    const output = options.output instanceof WritableStream ? streams.relay(options.output) : undefined;
    const long = {
      options: output ? { ...crossing, output } : crossing,
      directoryName: ownDirectory?.name,
    };
    const abort = (): void => {
      if (!this.#gone) void this.#host.abort(operationId);
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const caller = Comlink.proxy(callerSide(onProgress, ownDirectory, streams));
      const running = this.#settled<Answer<Result>>(method, () =>
        this.#host.run(method, handOver(long, output ? [output] : []), operationId, caller),
      );
      if (signal?.aborted) abort();
      const result = unwrap(await running);
      await streams.arrived().catch((error: unknown) => {
        throw fileFailure(new StreamFailure(error), method, null);
      });
      return result;
    } catch (error) {
      await streams.cut(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Waits for an answer, or for the worker's end, whichever comes first. */
  #settled<Value>(operation: string, ask: () => PromiseLike<unknown>): Promise<Value> {
    if (this.#gone) {
      return Promise.reject(new PersistenceError(this.#gone.code, this.#gone.message, { operation }));
    }
    return new Promise<Value>((resolve, reject) => {
      const giveUp = (error: PersistenceError): void =>
        reject(
          new PersistenceError(error.code, error.message, {
            operation,
            cause: error.cause,
            hint: error.hint ?? '',
          }),
        );
      this.#pending.add(giveUp);
      ask()
        .then((value) => resolve(value as Value), reject)
        .then(
          () => this.#pending.delete(giveUp),
          () => this.#pending.delete(giveUp),
        );
    });
  }

  #giveUp(reason: unknown): void {
    const gone = new PersistenceError('WORKER_GONE', 'The worker that owns the database has ended', {
      operation: 'worker',
      cause: reason,
      hint: 'Open the database again. Whether a write that was under way happened is unknown: save it again with ifAbsent.',
    });
    // A worker can end while it is being closed, too: then nobody answers to that, nor to what was asked before.
    this.#gone ??= gone;
    for (const giveUp of this.#pending) giveUp(gone);
    this.#pending.clear();
  }
}

/** What cannot be cloned is the caller's mistake, and said as such. */
function sendable(operation: string, parameters: unknown[]): unknown[] {
  for (const parameter of parameters) {
    if (typeof parameter === 'function' || typeof parameter === 'symbol') {
      throw new PersistenceError('INVALID_ARGUMENT', `A ${typeof parameter} cannot be stored`, { operation });
    }
  }
  return parameters;
}

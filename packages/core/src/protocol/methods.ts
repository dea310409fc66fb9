/** What client and worker say to each other, over Comlink. Every answer is an {@link Answer}. */
import type { RowQueries } from '../persistence/database-persistence.ts';
import type { BackupDirectory, Change, OpenOptions, Progress } from '../api/persistence.ts';
import type { RowBatch, Cursor } from '../tables/keyset-pagination.ts';
import type { Answer } from './serialize-error.ts';

/** Methods whose arguments and results cross as they are. */
export type PlainMethod =
  | 'saveReceipt'
  | 'saveReceipts'
  | 'getReceipt'
  | 'saveMemory'
  | 'saveMemories'
  | 'getMemory'
  | 'logAudit'
  | 'logAudits'
  | 'record'
  | 'analytics'
  | 'stats'
  | 'reset'
  | 'exportImage'
  | 'importImage'
  | 'info';

/** Methods that take a signal and report progress. */
export type LongMethod = 'exportAuditTrail' | 'exportBackup' | 'restoreBackup' | 'cleanup' | 'verify';

/** What stays with the caller during a long operation; Comlink hands the worker a way to call it. */
export interface Caller {
  progress(progress: Progress): void;
  /** Where the caller gave a {@link BackupDirectory} of its own. */
  createFile(fileName: string): Promise<Answer<WritableStream<Uint8Array>>>;
  finishDirectory(): Promise<Answer<void>>;
  discardDirectory(): Promise<Answer<void>>;
  openFile(fileName: string): Promise<Answer<ReadableStream<Uint8Array> | undefined>>;
}

/** A long operation's options without what cannot cross. */
export interface LongOptions {
  readonly options: Readonly<Record<string, unknown>>;
  /** The name of the caller's own backup directory, if it gave one. */
  readonly directoryName: BackupDirectory['name'] | undefined;
}

/** What the worker offers. */
export interface PersistenceHost {
  /**
   * Opens the database; once.
   * @param livenessLock - name of a Web Lock to hold for as long as the worker lives, where there are such locks
   */
  open(options: OpenOptions, livenessLock: string): Promise<Answer<void>>;
  call(method: PlainMethod, parameters: readonly unknown[]): Promise<Answer<unknown>>;
  readRows<Method extends keyof RowQueries>(
    method: Method,
    query: RowQueries[Method]['query'],
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<Answer<RowBatch<RowQueries[Method]['row']>>>;
  /** @param operationId - by which the caller may abort it */
  run(
    method: LongMethod,
    options: LongOptions,
    operationId: number,
    caller: Caller,
  ): Promise<Answer<unknown>>;
  abort(operationId: number): void;
  subscribe(listener: (change: Change) => void): void;
  /** Looks for commits by others, and tells the subscriber if there are any. */
  lookForChanges(): void;
  close(): Promise<Answer<void>>;
}

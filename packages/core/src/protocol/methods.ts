/** The methods of {@link Persistence}, by the way each crosses to a worker. Client and host are made from this table. */
import { ASYNC_DISPOSE } from '../api/async-dispose.ts';
import type {
  BackupDirectory,
  Change,
  ChangeKeyOptions,
  OpenOptions,
  Persistence,
  Progress,
  Rows,
  StoredDatabaseOptions,
} from '../api/persistence.ts';
import type { ChangesBatch, ChangesRequest } from '../changes/change-stream.ts';
import type { RowBatch, Cursor } from '../tables/keyset-pagination.ts';
import type { AbortableService } from './rpc.ts';

/**
 * - `call`: parameters and result are cloned
 * - `rows`: answered in batches of rows
 * - `events`: answered in batches of events; the client waits for further ones
 * - `operation`: takes a signal and reports progress; its stream or directory stays with the caller
 * - `client`: answered by the client itself
 */
export type MethodKind = 'call' | 'rows' | 'events' | 'operation' | 'client';

type ClientMethod = 'subscribe' | 'close' | typeof ASYNC_DISPOSE;
/** Names of the options of a method; none when it has no parameter. */
type OptionOf<Method extends keyof Persistence> =
  Parameters<Persistence[Method]> extends [] ? never : keyof NonNullable<Parameters<Persistence[Method]>[0]>;

/** The kind that a method's signature asks for. */
type KindOf<Method extends keyof Persistence> = Method extends ClientMethod
  ? 'client'
  : ReturnType<Persistence[Method]> extends Rows<unknown>
    ? 'rows'
    : ReturnType<Persistence[Method]> extends AsyncIterable<unknown>
      ? 'events'
      : 'signal' extends OptionOf<Method>
        ? 'operation'
        : 'call';

/** The one table of methods. A method that is missing here, or has another kind than its signature, does not compile. */
export const METHODS: { readonly [Method in keyof Persistence]: KindOf<Method> } = {
  saveReceipt: 'call',
  saveReceipts: 'call',
  queryReceipts: 'rows',
  countReceipts: 'call',
  getReceipt: 'call',
  saveMemory: 'call',
  saveMemories: 'call',
  getMemory: 'call',
  memoryHistory: 'call',
  diffMemory: 'call',
  restoreMemory: 'call',
  queryMemory: 'rows',
  countMemory: 'call',
  logAudit: 'call',
  logAudits: 'call',
  queryAuditTrail: 'rows',
  countAuditTrail: 'call',
  record: 'call',
  exportAuditTrail: 'operation',
  exportRows: 'operation',
  importRows: 'operation',
  exportBackup: 'operation',
  restoreBackup: 'operation',
  analytics: 'call',
  timeSeries: 'call',
  stats: 'call',
  cleanup: 'operation',
  reset: 'call',
  deleteRecord: 'operation',
  redactRecord: 'operation',
  addHold: 'call',
  removeHold: 'call',
  listHolds: 'call',
  setRetentionPolicy: 'call',
  removeRetentionPolicy: 'call',
  listRetentionPolicies: 'call',
  runRetention: 'operation',
  verify: 'operation',
  checkpoint: 'operation',
  prove: 'operation',
  historyStatus: 'call',
  enableHistory: 'operation',
  changes: 'events',
  syncState: 'call',
  applyChanges: 'call',
  renewOrigin: 'call',
  querySql: 'operation',
  exportImage: 'call',
  importImage: 'operation',
  inspectImage: 'operation',
  info: 'call',
  subscribe: 'client',
  close: 'client',
  [ASYNC_DISPOSE]: 'client',
};

/** Names of the methods of one kind. */
export type MethodsOf<Kind extends MethodKind> = {
  [Method in keyof Persistence]: KindOf<Method> extends Kind ? Method : never;
}[keyof Persistence];

/** Methods of {@link Persistence} that are answered by the other end. */
export type RemoteMethod = MethodsOf<'call' | 'rows' | 'events' | 'operation'>;

/** The one list of what writes to the database, or beside it. A server for reading refuses these. */
export const WRITES: { readonly [Method in RemoteMethod]: boolean } = {
  saveReceipt: true,
  saveReceipts: true,
  queryReceipts: false,
  countReceipts: false,
  getReceipt: false,
  saveMemory: true,
  saveMemories: true,
  getMemory: false,
  memoryHistory: false,
  diffMemory: false,
  restoreMemory: true,
  queryMemory: false,
  countMemory: false,
  logAudit: true,
  logAudits: true,
  queryAuditTrail: false,
  countAuditTrail: false,
  record: true,
  exportAuditTrail: false,
  exportRows: false,
  importRows: true,
  exportBackup: false,
  restoreBackup: true,
  analytics: false,
  timeSeries: false,
  stats: false,
  cleanup: true,
  reset: true,
  deleteRecord: true,
  redactRecord: true,
  addHold: true,
  removeHold: true,
  listHolds: false,
  setRetentionPolicy: true,
  removeRetentionPolicy: true,
  listRetentionPolicies: false,
  runRetention: true,
  verify: false,
  checkpoint: false,
  prove: false,
  historyStatus: false,
  enableHistory: true,
  changes: false,
  syncState: false,
  applyChanges: true,
  renewOrigin: true,
  querySql: false,
  exportImage: false,
  importImage: true,
  // It writes a copy beside the database, of the size that the caller chooses.
  inspectImage: true,
  info: false,
};

/** Options that name a file or folder, or are a stream or directory of the caller. */
type FileOption<Method extends keyof Persistence> = Extract<
  OptionOf<Method>,
  'output' | 'input' | 'directory'
>;

/**
 * The option of each operation that reads or writes files. Without a stream or directory of the caller, it would use
 * files of the computer that the database is on: a server refuses that.
 */
export const FILE_OPTIONS: {
  readonly [Method in RemoteMethod as FileOption<Method> extends never ? never : Method]: FileOption<Method>;
} = {
  exportAuditTrail: 'output',
  exportRows: 'output',
  importRows: 'input',
  exportBackup: 'directory',
  restoreBackup: 'directory',
};

/** Options that are a stream of bytes to read. */
type SourceOption<Method extends keyof Persistence> = Extract<OptionOf<Method>, 'input' | 'image'>;

/** The option of each operation that reads a stream of the caller. */
const SOURCE_OPTIONS: {
  readonly [
    Method in RemoteMethod as SourceOption<Method> extends never ? never : Method
  ]: SourceOption<Method>;
} = {
  importRows: 'input',
  importImage: 'image',
  inspectImage: 'image',
};

/** Returns the name of the option that is a stream to read; undefined for an operation without one. */
export function sourceOptionOf(method: RemoteMethod): 'input' | 'image' | undefined {
  return (SOURCE_OPTIONS as Partial<Record<RemoteMethod, 'input' | 'image'>>)[method];
}

/** The query of a method that answers rows. */
export type RowQuery = NonNullable<Parameters<Persistence[MethodsOf<'rows'>]>[0]>;

/** Callbacks of an operation, called by the worker and run in the caller's thread. */
export interface RemoteCallbacks {
  progress(progress: Progress): void;
  /** Writes to a numbered stream of the caller. Resolves when it takes more. */
  writeChunk(target: number, chunk: Uint8Array): Promise<void>;
  closeTarget(target: number): Promise<void>;
  /** Reads from a numbered stream of the caller; undefined at its end. */
  readChunk(source: number): Promise<Uint8Array | undefined>;
  /**
   * Creates a file in the caller's own {@link BackupDirectory}, as the two methods below use that directory. Returns the
   * number of its stream. The caller itself discards the files when the operation fails.
   */
  createFile(fileName: string): Promise<number>;
  finishDirectory(): Promise<void>;
  /** Returns the number of the file's stream; undefined if there is no such file. */
  openFile(fileName: string): Promise<number | undefined>;
}

/** Options of an operation that can be cloned. */
export interface OperationOptions {
  readonly options: Readonly<Record<string, unknown>>;
  /** Number of the caller's own stream for the output, if the caller passed one. */
  readonly outputTarget: number | undefined;
  /** Number of the caller's own stream to read ({@link sourceOptionOf}), if the caller passed one. */
  readonly inputSource: number | undefined;
  /** Name of the caller's own backup directory, if the caller passed one. */
  readonly directoryName: BackupDirectory['name'] | undefined;
}

/** The service of a worker that owns a database. */
export interface PersistenceService extends AbortableService {
  /**
   * Answers as soon as the worker's code runs.
   * @param livenessLock - name of a Web Lock that the worker holds from then on until it ends; unused in Node
   */
  confirmStart(livenessLock: string): Promise<void>;
  /** Opens the database. Called once. */
  open(options: OpenOptions): Promise<void>;
  call(method: MethodsOf<'call'>, parameters: readonly unknown[]): Promise<unknown>;
  /** @param batchRows - rows to answer at most, and fewer when they are large; undefined for all that the query asks for */
  readRows(
    method: MethodsOf<'rows'>,
    query: RowQuery,
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<RowBatch<unknown>>;
  readChanges(request: ChangesRequest): Promise<ChangesBatch>;
  /** @param operationId - the id by which the caller may abort it */
  run(
    method: MethodsOf<'operation'>,
    options: OperationOptions,
    operationId: number,
    callbacks: RemoteCallbacks,
  ): Promise<unknown>;
  subscribe(listener: (change: Change) => void): void;
  /** Checks for commits by other connections and reports them to the subscriber. */
  checkForChanges(): void;
  close(): Promise<void>;
}

/** What a worker does for a database that is not open. */
export interface WorkerService extends PersistenceService {
  /**
   * Changes the key of a database. Called instead of `open`.
   * @param operationId - the id by which the caller may abort it
   */
  changeKey(
    database: StoredDatabaseOptions,
    newKey: ChangeKeyOptions['newKey'],
    operationId: number,
    callbacks: Pick<RemoteCallbacks, 'progress'>,
  ): Promise<void>;
}

import { ASYNC_DISPOSE } from '../api/async-dispose.ts';
import type { CheckpointStatus } from '@ggen-sim/sqljs-vfs';
import { Backups } from '../backup/backups.ts';
import { readCopy } from '../backup/snapshot.ts';
import { readChanges } from '../change-log/change-events.ts';
import { ChangeLog } from '../change-log/change-log.ts';
import { enableHistory, readHistoryStatus } from '../change-log/history-status.ts';
import { ChangeFeed } from '../changes/change-feed.ts';
import { streamChanges, type ChangesBatch, type ChangesRequest } from '../changes/change-stream.ts';
import { exportRows } from '../exports/row-export.ts';
import { importRows } from '../imports/import-rows.ts';
import { RowStream } from '../streams/row-stream.ts';
import type * as Api from '../api/persistence.ts';
import { PROGRAM_VERSION } from '../api/program-version.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { cleanup } from '../maintenance/cleanup.ts';
import { reset } from '../maintenance/reset.ts';
import { verify } from '../maintenance/verify.ts';
import { OperationQueue } from '../queue/operation-queue.ts';
import { SCHEMA_VERSION } from '../schema/migrations/index.ts';
import { otherTables, tableProblems } from '../schema/table-check.ts';
import { PERIOD_DAYS, readAgentMetrics, readCounts, readReceiptStatistics } from '../tables/analytics.ts';
import { querySql } from '../sql/query-sql.ts';
import { applyChanges } from '../sync/apply-changes.ts';
import { readSyncState } from '../sync/sync-state.ts';
import { auditLogTable } from '../tables/audit-log.ts';
import { tableNamed } from '../tables/index.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import type { Cursor, RowBatch } from '../tables/keyset-pagination.ts';
import { checkReceiptLookup, findReceiptJson } from '../tables/receipts.ts';
import { TextBytes } from '../tables/stored-bytes.ts';
import type { AnyTable, RowMethod } from '../tables/table.ts';
import { abortable } from '../validation/abort.ts';
import { checkChoice, checkFields, checkList, invalid } from '../validation/arguments.ts';
import { checkLongOperation, imageOptions } from '../validation/long-operation.ts';
import { checkAgent } from '../validation/like-pattern.ts';
import { daysBefore, toIsoTime } from '../validation/timestamps.ts';
import { MemoryVersions } from './memory-versions.ts';
import {
  checkDays,
  checkExport,
  checkQuery,
  countFiltered,
  readBatch,
  type AnyFilters,
  type AnyQuery,
} from './query-rows.ts';
import { parseCheckpoint, verifyCheckpoint } from '../transparency/checkpoint.ts';
import { prove, readCheckpoint } from '../transparency/log-tree.ts';
import { readTimeSeries } from './read-time-series.ts';
import { Retention } from './retention.ts';
import { writeBatch } from './write-batch.ts';

/** The {@link Api.Persistence} over a connection in the calling thread. */
export class DatabasePersistence implements Api.Persistence {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #backups: Backups;
  readonly #changeLog: ChangeLog;
  readonly #versions: MemoryVersions;
  readonly #retention: Retention;
  readonly #clock: () => Date;
  readonly #durability: 'strict' | 'relaxed';
  readonly #isReadOnly: boolean;
  readonly #changes: ChangeFeed;
  readonly #ended: AbortController = new AbortController();
  #closing: Promise<void> | undefined;

  /** @param isReadOnly - true to refuse writes before anything is locked */
  constructor(
    connection: SqliteConnection,
    policy: Api.RetryPolicy,
    clock: () => Date,
    durability: 'strict' | 'relaxed',
    isReadOnly: boolean = false,
  ) {
    this.#connection = connection;
    this.#isReadOnly = isReadOnly;
    this.#clock = clock;
    this.#changeLog = new ChangeLog(connection, clock);
    this.#queue = new OperationQueue(
      connection,
      { ...policy, refusesWrites: isReadOnly },
      {
        begin: () => this.#changeLog.begin(),
        committed: () => this.#changeLog.committed(),
        changed: (tables) => this.#changes.publish(tables),
      },
    );
    const { durable } = connection;
    this.#changes = new ChangeFeed({
      capabilities: durable.storage.capabilities,
      name: durable.storage.name,
      tables: TABLE_NAMES,
      exclusive: durable.journalMode === 'wal',
      lastVersion: () => durable.lastChangeCounter,
      readVersion: () => this.#queue.enqueueRead('subscribe', () => durable.changeCounter()),
    });
    this.#versions = new MemoryVersions(connection, this.#queue, this.#changeLog, clock);
    this.#retention = new Retention(connection, this.#queue, this.#changeLog, clock);
    this.#backups = new Backups(connection, this.#queue, this.#changeLog, clock);
    this.#durability = durability;
  }

  async saveReceipt(receipt: Api.NewReceipt): Promise<Api.SavedReceipt> {
    const { receipts } = await this.#write('saveReceipt', { receipts: [receipt] });
    return receipts[0] as Api.SavedReceipt;
  }

  async saveReceipts(receipts: readonly Api.NewReceipt[]): Promise<Api.SavedReceipt[]> {
    const operation = 'saveReceipts';
    checkList({ operation, name: 'receipts' }, receipts);
    return (await this.#write(operation, { receipts })).receipts;
  }

  async getReceipt(receipt: Api.ReceiptLookup): Promise<string> {
    const operation = 'getReceipt';
    const lookup = checkReceiptLookup(operation, receipt);
    return this.#queue.enqueueRead(operation, () => findReceiptJson(this.#connection, operation, lookup));
  }

  queryReceipts(query: Api.ReceiptQuery = {}): Api.Rows<Api.ReceiptRow> {
    return this.#stream('queryReceipts', query);
  }

  async countReceipts(filters: Api.ReceiptFilters = {}): Promise<number> {
    return this.#count('countReceipts', 'queryReceipts', filters);
  }

  async saveMemory(memory: Api.NewMemory): Promise<Api.SavedMemory> {
    const { memories } = await this.#write('saveMemory', { memories: [memory] });
    return memories[0] as Api.SavedMemory;
  }

  async saveMemories(memories: readonly Api.NewMemory[]): Promise<Api.SavedMemory[]> {
    const operation = 'saveMemories';
    checkList({ operation, name: 'memories' }, memories);
    return (await this.#write(operation, { memories })).memories;
  }

  async getMemory(agentId: string | Api.MemoryLookup): Promise<string> {
    return this.#versions.get(typeof agentId === 'object' && agentId !== null ? agentId : { agentId });
  }

  memoryHistory(agentId: string): Promise<Api.MemoryVersion[]> {
    return this.#versions.list(agentId);
  }

  diffMemory(comparison: Api.MemoryComparison): Promise<Api.JsonPatchOperation[]> {
    return this.#versions.compare(comparison);
  }

  restoreMemory(memory: Api.MemoryRestoration): Promise<Api.SavedMemory> {
    return this.#versions.restore(memory);
  }

  queryMemory(query: Api.MemoryQuery = {}): Api.Rows<Api.MemoryRow> {
    return this.#stream('queryMemory', query);
  }

  async countMemory(filters: Api.MemoryFilters = {}): Promise<number> {
    return this.#count('countMemory', 'queryMemory', filters);
  }

  async logAudit(entry: Api.NewAuditEntry): Promise<Api.LoggedAudit> {
    const { audits } = await this.#write('logAudit', { audits: [entry] });
    return audits[0] as Api.LoggedAudit;
  }

  async logAudits(entries: readonly Api.NewAuditEntry[]): Promise<Api.LoggedAudit[]> {
    const operation = 'logAudits';
    checkList({ operation, name: 'entries' }, entries);
    return (await this.#write(operation, { audits: entries })).audits;
  }

  queryAuditTrail(query: Api.AuditQuery = {}): Api.Rows<Api.AuditRow> {
    return this.#stream('queryAuditTrail', query);
  }

  async countAuditTrail(filters: Api.AuditFilters = {}): Promise<number> {
    return this.#count('countAuditTrail', 'queryAuditTrail', filters);
  }

  async exportAuditTrail(options: Api.AuditExportOptions = {}): Promise<Api.ExportReport> {
    return this.#export('exportAuditTrail', options, auditLogTable, 'audit-export', Uint8Array);
  }

  async exportRows(options: Api.RowExportOptions): Promise<Api.ExportReport> {
    const operation = 'exportRows';
    const { table: name } = checkFields({ operation, name: 'options' }, options);
    const table = tableNamed(checkChoice({ operation, name: 'table' }, name, TABLE_NAMES));
    return this.#export(operation, options, table, `${name.replace('_', '-')}-export`, TextBytes);
  }

  /** @param textBytes - class of the bytes of texts that are not UTF-8 */
  async #export(
    operation: string,
    given: Omit<Api.RowExportOptions, 'table'>,
    table: AnyTable,
    defaultName: string,
    textBytes: typeof Uint8Array,
  ): Promise<Api.ExportReport> {
    const options = checkLongOperation(operation, given);
    const rows = new RowStream<object>(async (batchRows, cursor) => {
      const query = checkExport(operation, table, options, this.#startOf(cursor));
      return readBatch(this.#connection, this.#queue, operation, { ...query, textBytes }, batchRows, cursor);
    });
    return exportRows({ operation, table, rows, defaultName }, options, this.#clock());
  }

  async importRows(given: Api.RowImportOptions): Promise<Api.ImportReport> {
    const operation = 'importRows';
    const options = checkLongOperation(operation, given);
    const table = tableNamed(checkChoice({ operation, name: 'table' }, options.table, TABLE_NAMES));
    return importRows(this.#connection, this.#queue, this.#changeLog, table, options, this.#clock);
  }

  async record(batch: Api.RecordBatch): Promise<Api.RecordedBatch> {
    return this.#write('record', batch);
  }

  #write(operation: string, batch: Api.RecordBatch): Promise<Api.RecordedBatch> {
    return writeBatch(this.#connection, this.#queue, this.#changeLog, this.#clock, operation, batch);
  }

  #count(operation: string, method: RowMethod, filters: AnyFilters): Promise<number> {
    return countFiltered(this.#connection, this.#queue, operation, method, filters, this.#clock());
  }

  #stream<Row>(method: RowMethod, query: AnyQuery): Api.Rows<Row> {
    return new RowStream((batchRows, cursor) => this.readRows(method, query, batchRows, cursor));
  }

  /** Reads one batch of a query; a row stream calls it, here or across a worker. */
  async readRows<Row>(
    method: RowMethod,
    query: AnyQuery,
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<RowBatch<Row>> {
    const checked = checkQuery(method, query, this.#startOf(cursor));
    return readBatch(this.#connection, this.#queue, method, checked, batchRows, cursor);
  }

  /** A slow reader keeps the period that its stream began with. */
  #startOf(cursor: Cursor | undefined): Date {
    return cursor?.startedAtMs === undefined ? this.#clock() : new Date(cursor.startedAtMs);
  }

  async analytics(query: Api.AnalyticsQuery = {}): Promise<Api.AnalyticsReport> {
    const operation = 'analytics';
    const agent = checkAgent(operation, query);
    const period = checkChoice(
      { operation, name: 'period' },
      query.period ?? 'last-7-days',
      Object.keys(PERIOD_DAYS) as Api.AnalyticsPeriod[],
    );
    const now = this.#clock();
    const since = daysBefore(now, PERIOD_DAYS[period]);
    return this.#queue.enqueueRead(operation, () =>
      this.#connection.snapshot(() => ({
        period,
        generatedAt: toIsoTime(now),
        agentMetrics: readAgentMetrics(this.#connection, agent, since),
        receiptStatistics: readReceiptStatistics(this.#connection, agent, since),
      })),
    );
  }

  async timeSeries(query: Api.TimeSeriesQuery = {}): Promise<Api.TimeSeriesReport> {
    return readTimeSeries(this.#connection, this.#queue, query, this.#clock());
  }

  async stats(): Promise<Api.Stats> {
    return this.#queue.enqueueRead('stats', () =>
      this.#connection.snapshot(() => {
        const { lastReceipt, ...counts } = readCounts(this.#connection);
        const databaseSizeKb = Math.ceil(this.#connection.sizeBytes() / 1024);
        return { ...counts, databaseSizeKb, lastReceipt };
      }),
    );
  }

  async cleanup(given: Api.CleanupOptions = {}): Promise<Api.CleanupReport> {
    const options = checkLongOperation('cleanup', given);
    const { days = 90, vacuum } = options;
    const before = checkDays('cleanup', days, this.#clock());
    if (vacuum !== undefined && typeof vacuum !== 'boolean')
      throw invalid({ operation: 'cleanup', name: 'vacuum' }, vacuum, 'true or false');
    return cleanup(this.#connection, this.#queue, this.#changeLog, before, { ...options, days });
  }

  async reset(): Promise<void> {
    await reset(this.#connection, this.#queue, this.#changeLog, this.#clock);
  }

  deleteRecord(request: Api.RemovalRequest): Promise<Api.DeletionReport> {
    return this.#retention.deleteRecord(request);
  }

  redactRecord(request: Api.RemovalRequest): Promise<Api.RedactionReport> {
    return this.#retention.redactRecord(request);
  }

  addHold(hold: Api.HoldRequest): Promise<Api.Hold> {
    return this.#retention.addHold(hold);
  }

  removeHold(record: Api.RecordLookup): Promise<void> {
    return this.#retention.removeHold(record);
  }

  listHolds(): Promise<Api.Hold[]> {
    return this.#retention.listHolds();
  }

  setRetentionPolicy(policy: Api.RetentionPolicy): Promise<Api.RetentionPolicy> {
    return this.#retention.setPolicy(policy);
  }

  removeRetentionPolicy(name: string): Promise<void> {
    return this.#retention.removePolicy(name);
  }

  listRetentionPolicies(): Promise<Api.RetentionPolicy[]> {
    return this.#retention.listPolicies();
  }

  runRetention(options: Api.RetentionOptions = {}): Promise<Api.RetentionReport> {
    return this.#retention.run(options);
  }

  async verify(given: Api.VerifyOptions = {}): Promise<Api.VerifyReport> {
    const operation = 'verify';
    const options = checkLongOperation(operation, given);
    const { checkpoints = [], verifierKey } = options;
    checkList({ operation, name: 'checkpoints' }, checkpoints);
    for (const note of checkpoints) {
      if (verifierKey === undefined) parseCheckpoint(note);
      else await verifyCheckpoint(note, verifierKey);
    }
    return abortable(operation, options.signal, () =>
      this.#queue.runInSteps(
        operation,
        (steps) =>
          verify(this.#connection, steps, options, (work) =>
            readCopy(this.#connection, steps, { ...options, operation }, work),
          ),
        options.signal,
      ),
    );
  }

  async checkpoint(given: Api.LongOperationOptions = {}): Promise<Api.Checkpoint> {
    const operation = 'checkpoint';
    const options = checkLongOperation(operation, given);
    return abortable(operation, options.signal, () =>
      this.#queue.runInSteps(
        operation,
        (steps) => readCheckpoint(this.#connection, steps, options),
        options.signal,
      ),
    );
  }

  async prove(given: Api.ProofRequest): Promise<Api.Proof> {
    const operation = 'prove';
    const request = checkLongOperation(operation, given);
    return abortable(operation, request.signal, () =>
      this.#queue.runInSteps(operation, (steps) => prove(this.#connection, steps, request), request.signal),
    );
  }

  async historyStatus(): Promise<Api.HistoryStatus> {
    return this.#queue.enqueueRead('historyStatus', () =>
      this.#connection.snapshot(() => readHistoryStatus(this.#connection)),
    );
  }

  async enableHistory(given: Api.LongOperationOptions = {}): Promise<Api.HistoryStatus> {
    const options = checkLongOperation('enableHistory', given);
    await enableHistory(this.#queue, this.#changeLog, options);
    return this.historyStatus();
  }

  changes(options?: Api.ChangesOptions): AsyncIterable<Api.ChangeEvent> {
    return streamChanges(
      {
        read: (request, signal) => this.readChanges(request, signal),
        subscribe: (listener) => this.#changes.subscribe(listener),
        ended: this.#ended.signal,
      },
      options,
    );
  }

  /** Reads one batch of events; a stream of them calls it, here or across a worker. */
  readChanges(request: ChangesRequest, signal?: AbortSignal): Promise<ChangesBatch> {
    const operation = 'changes';
    const read = (): ChangesBatch => this.#connection.snapshot(() => readChanges(this.#connection, request));
    return this.#queue.runInSteps(operation, (steps) => steps.read(read), signal);
  }

  async syncState(): Promise<Api.SyncState> {
    return this.#queue.enqueueRead('syncState', () =>
      this.#connection.snapshot(() => readSyncState(this.#connection)),
    );
  }

  async applyChanges(batch: Api.IncomingBatch): Promise<Api.IncomingReport> {
    return applyChanges(this.#connection, this.#queue, this.#changeLog, this.#clock, batch);
  }

  async renewOrigin(): Promise<string> {
    return this.#queue.enqueueWrite('renewOrigin', [], () => this.#changeLog.renewOrigin());
  }

  async querySql(query: Api.SqlQuery): Promise<Api.SqlResult> {
    return querySql(this.#connection, this.#queue, query);
  }

  async exportBackup(options: Api.BackupOptions = {}): Promise<Api.BackupReport> {
    return this.#backups.exportBackup(checkLongOperation('exportBackup', options));
  }

  async restoreBackup(options: Api.RestoreOptions): Promise<Api.RestoreReport> {
    return this.#backups.restoreBackup(checkLongOperation('restoreBackup', options));
  }

  async exportImage(): Promise<Uint8Array> {
    return this.#queue.enqueueRead('exportImage', () => this.#connection.durable.exportImage());
  }

  async importImage(given: Uint8Array | Api.ImageImportOptions): Promise<void> {
    return this.#backups.importImage(checkLongOperation('importImage', imageOptions(given)));
  }

  async inspectImage(options: Api.ImageImportOptions): Promise<Api.ImageReport> {
    return this.#backups.inspectImage(checkLongOperation('inspectImage', options));
  }

  /** Checks for commits by other connections that were not reported. */
  checkForChanges(): void {
    this.#changes.checkForChanges();
  }

  subscribe(listener: (change: Api.Change) => void): () => void {
    return this.#changes.subscribe(listener);
  }

  async info(): Promise<Api.Info> {
    const { durable } = this.#connection;
    const { kind, persistent, lockProvider, pagesInMemory, extentFormat, isLoggedByOthers } =
      durable.storage.capabilities;
    return this.#queue.enqueueRead('info', () => ({
      storage: kind as Api.Info['storage'],
      path: persistent ? durable.storage.name : null,
      persistent,
      readOnly: durable.readOnly || this.#isReadOnly,
      durability: this.#durability,
      journalMode: isLoggedByOthers?.() === true ? 'wal' : durable.journalMode,
      lockProvider,
      encryption: durable.encryption ?? null,
      pagesInMemory: pagesInMemory ?? null,
      extentFormat: extentFormat ?? null,
      checkpoint: checkpointInfo(durable.storage.checkpointStatus),
      schemaVersion: SCHEMA_VERSION,
      tableProblems: this.#isReadOnly ? tableProblems(this.#connection) : [],
      otherTables: otherTables(this.#connection),
      sqliteVersion: String(this.#connection.get('SELECT sqlite_version()')?.[0]),
      programVersion: PROGRAM_VERSION,
      sizeBytes: this.#connection.sizeBytes(),
      pageSizeBytes: Number(this.#connection.get('PRAGMA page_size')?.[0]),
    }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = this.#queue.close();
    this.#ended.abort();
    await closed;
    this.#changes.close();
    try {
      await this.#connection.close();
    } catch (error) {
      throw toPersistenceError(error, 'close');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

// A class may name a method by a symbol of the language only, and Safari does not have this one.
Object.assign(DatabasePersistence.prototype, {
  [ASYNC_DISPOSE]: DatabasePersistence.prototype[Symbol.asyncDispose],
});

function checkpointInfo(status: CheckpointStatus | undefined): Api.CheckpointInfo | null {
  if (!status) return null;
  const failure = status.failure && toPersistenceError(status.failure, 'checkpoint');
  return {
    waitingBytes: status.waitingBytes,
    failure: failure ? { code: failure.code, message: failure.message } : null,
  };
}

import { Backups } from '../backup/backups.ts';
import { ChangeFeed } from '../changes/change-feed.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { PersistenceError } from '../api/errors.ts';
import { abortable } from '../validation/abort.ts';
import { exportAuditTrail } from '../exports/audit-export.ts';
import { RowStream } from '../streams/row-stream.ts';
import { countOldRows, deleteOldRows, type OldRows } from '../maintenance/cleanup.ts';
import type * as Api from '../api/persistence.ts';
import { PROGRAM_VERSION } from '../api/program-version.ts';
import { OperationQueue } from '../queue/operation-queue.ts';
import { checkMemory, findMemoryJson, upsertMemory } from '../tables/agent-memory.repository.ts';
import { PERIOD_DAYS, readAgentMetrics, readCounts, readReceiptStatistics } from '../tables/analytics.ts';
import { checkAuditEntry, insertAuditEntry } from '../tables/audit-log.repository.ts';
import { readInTimeOrder, type RowBatch, type Cursor, type RowFilter } from '../tables/keyset-pagination.ts';
import { checkReceipt, findReceiptJson, insertReceipt } from '../tables/receipts.repository.ts';
import {
  checkChoice,
  checkFields,
  checkList,
  checkRequired,
  checkText,
  checkWholeNumber,
} from '../validation/arguments.ts';
import { checkPattern, EVERY_AGENT } from '../validation/like-pattern.ts';
import { daysBefore, toIsoTime, toTimestamp } from '../validation/timestamps.ts';
import { agentMemoryTable } from '../tables/agent-memory.table.ts';
import { auditLogTable } from '../tables/audit-log.table.ts';
import { recordImportedReceipts } from '../schema/migrator.ts';
import { SCHEMA_VERSION } from '../schema/migrations/index.ts';
import { receiptsTable } from '../tables/receipts.table.ts';
import type { AnyTable } from '../tables/table.ts';
import { Verification } from '../maintenance/verify.ts';

const EVERY_TABLE: readonly Api.TableName[] = ['receipts', 'agent_memory', 'audit_log'];

const ROW_ORDERS: readonly Api.RowOrder[] = ['newest-first', 'oldest-first'];

/** The queries that answer rows, by method. */
export interface RowQueries {
  readonly queryReceipts: { readonly query: Api.ReceiptQuery; readonly row: Api.ReceiptRow };
  readonly queryMemory: { readonly query: Api.MemoryQuery; readonly row: Api.MemoryRow };
  readonly queryAuditTrail: { readonly query: Api.AuditQuery; readonly row: Api.AuditRow };
}

/** The {@link Api.Persistence} over a connection in this very realm. */
export class DatabasePersistence implements Api.Persistence {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #backups: Backups;
  readonly #clock: () => Date;
  readonly #durability: 'strict' | 'relaxed';
  readonly #changes: ChangeFeed;
  #closing: Promise<void> | undefined;

  constructor(
    connection: SqliteConnection,
    policy: Api.RetryPolicy,
    clock: () => Date,
    durability: 'strict' | 'relaxed',
  ) {
    this.#connection = connection;
    this.#queue = new OperationQueue(connection, policy, (tables) => this.#changes.publish(tables));
    this.#clock = clock;
    const { durable } = connection;
    this.#changes = new ChangeFeed({
      capabilities: durable.storage.capabilities,
      name: durable.storage.name,
      exclusive: durable.journalMode === 'wal',
      lastVersion: () => durable.lastChangeCounter,
      readVersion: () => this.#queue.enqueueRead('subscribe', () => durable.changeCounter()),
    });
    this.#backups = new Backups(connection, this.#queue, clock);
    this.#durability = durability;
  }

  async saveReceipt(receipt: Api.NewReceipt): Promise<Api.SavedReceipt> {
    const [saved] = await this.#saveReceipts('saveReceipt', [receipt]);
    return saved as Api.SavedReceipt;
  }

  async saveReceipts(receipts: readonly Api.NewReceipt[]): Promise<Api.SavedReceipt[]> {
    return this.#saveReceipts('saveReceipts', receipts);
  }

  async #saveReceipts(operation: string, receipts: readonly Api.NewReceipt[]): Promise<Api.SavedReceipt[]> {
    const recorded = await this.#record(operation, {
      receipts: checkList({ operation, name: 'receipts' }, receipts),
    });
    return recorded.receipts;
  }

  async saveMemory(memory: Api.NewMemory): Promise<Api.SavedMemory> {
    const { memories } = await this.#record('saveMemory', { memories: [memory] });
    return memories[0] as Api.SavedMemory;
  }

  async saveMemories(memories: readonly Api.NewMemory[]): Promise<Api.SavedMemory[]> {
    const operation = 'saveMemories';
    const recorded = await this.#record(operation, {
      memories: checkList({ operation, name: 'memories' }, memories),
    });
    return recorded.memories;
  }

  async logAudit(entry: Api.NewAuditEntry): Promise<Api.LoggedAudit> {
    const { audits } = await this.#record('logAudit', { audits: [entry] });
    return audits[0] as Api.LoggedAudit;
  }

  async logAudits(entries: readonly Api.NewAuditEntry[]): Promise<Api.LoggedAudit[]> {
    const operation = 'logAudits';
    const recorded = await this.#record(operation, {
      audits: checkList({ operation, name: 'entries' }, entries),
    });
    return recorded.audits;
  }

  async record(batch: Api.RecordBatch): Promise<Api.RecordedBatch> {
    return this.#record('record', batch);
  }

  /** Everything that writes rows comes through here: checked first, then written together. */
  async #record(operation: string, batch: Api.RecordBatch): Promise<Api.RecordedBatch> {
    checkFields({ operation, name: 'batch' }, batch);
    const listed = <Item>(name: keyof Api.RecordBatch, items: readonly Item[] = []): readonly Item[] =>
      checkList({ operation, name }, items);
    const audits = listed('audits', batch.audits).map((entry) => checkAuditEntry(operation, entry));
    const receipts = listed('receipts', batch.receipts).map((receipt) => checkReceipt(operation, receipt));
    const memories = listed('memories', batch.memories).map((memory) => checkMemory(operation, memory));
    const tables: Api.TableName[] = [
      ...(receipts.length > 0 ? (['receipts'] as const) : []),
      ...(memories.length > 0 ? (['agent_memory'] as const) : []),
      ...(audits.length > 0 ? (['audit_log'] as const) : []),
    ];
    if (tables.length === 0) return { audits: [], receipts: [], memories: [] };
    return this.#queue.enqueueWrite(operation, tables, () => {
      const now = toTimestamp(this.#clock());
      return {
        audits: audits.map((entry) => insertAuditEntry(this.#connection, entry, now)),
        receipts: receipts.map((receipt) => insertReceipt(this.#connection, operation, receipt, now)),
        memories: memories.map((memory) => upsertMemory(this.#connection, memory, now)),
      };
    });
  }

  async getReceipt(receiptId: string): Promise<string> {
    const operation = 'getReceipt';
    checkRequired(operation, { receiptId });
    const id = checkText({ operation, name: 'receiptId' }, receiptId);
    const found = await this.#queue.enqueueRead(operation, () => findReceiptJson(this.#connection, id));
    return orNotFound(found, operation, `no receipt ${JSON.stringify(id)}`);
  }

  async getMemory(agentId: string): Promise<string> {
    const operation = 'getMemory';
    checkRequired(operation, { agentId });
    const id = checkText({ operation, name: 'agentId' }, agentId);
    const found = await this.#queue.enqueueRead(operation, () => findMemoryJson(this.#connection, id));
    return orNotFound(found, operation, `no memory of agent ${JSON.stringify(id)}`);
  }

  queryReceipts(query: Api.ReceiptQuery = {}): Api.Rows<Api.ReceiptRow> {
    return new RowStream((batchRows, cursor) => this.readRows('queryReceipts', query, batchRows, cursor));
  }

  queryMemory(query: Api.MemoryQuery = {}): Api.Rows<Api.MemoryRow> {
    return new RowStream((batchRows, cursor) => this.readRows('queryMemory', query, batchRows, cursor));
  }

  queryAuditTrail(query: Api.AuditQuery = {}): Api.Rows<Api.AuditRow> {
    return new RowStream((batchRows, cursor) => this.readRows('queryAuditTrail', query, batchRows, cursor));
  }

  /** One batch of a query: what a row stream is made of, here and across a worker. */
  async readRows<Method extends keyof RowQueries>(
    method: Method,
    query: RowQueries[Method]['query'],
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<RowBatch<RowQueries[Method]['row']>> {
    const { table, filter, limit } = this.#planOf(method, query);
    return this.#readRows(method, table, filter, { limit, batchRows, cursor });
  }

  #planOf(
    method: keyof RowQueries,
    query: Api.AuditQuery,
  ): { table: AnyTable; filter: RowFilter; limit: number } {
    const order = checkChoice(
      { operation: method, name: 'order' },
      query.order ?? 'newest-first',
      ROW_ORDERS,
    );
    const filter = { agent: patternOf(method, query.agent), order };
    const limitOf = (fallback: number): number =>
      checkWholeNumber({ operation: method, name: 'limit' }, query.limit ?? fallback);
    switch (method) {
      case 'queryReceipts':
        return { table: receiptsTable, filter, limit: limitOf(100) };
      case 'queryMemory':
        return { table: agentMemoryTable, filter, limit: Infinity };
      default:
        return {
          table: auditLogTable,
          filter: { ...filter, since: this.#daysAgo(method, query.days ?? 7) },
          limit: limitOf(1000),
        };
    }
  }

  async #readRows<Row>(
    operation: string,
    table: AnyTable,
    filter: RowFilter,
    {
      limit,
      batchRows = Infinity,
      cursor,
    }: { limit: number; batchRows?: number | undefined; cursor: Cursor | undefined },
  ): Promise<RowBatch<Row>> {
    const left = limit - (cursor?.consumed ?? 0);
    const wanted = Math.min(left, batchRows);
    if (wanted <= 0) return { rows: [], nextCursor: undefined };
    const batch = await this.#queue.enqueueRead(operation, () =>
      readInTimeOrder<Row>(this.#connection, table, filter, wanted, cursor),
    );
    return batch.rows.length === left ? { ...batch, nextCursor: undefined } : batch;
  }

  #daysAgo(operation: string, days: number): string {
    return daysBefore(this.#clock(), checkWholeNumber({ operation, name: 'days' }, days));
  }

  async exportAuditTrail(options: Api.AuditExportOptions = {}): Promise<Api.ExportReport> {
    const operation = 'exportAuditTrail';
    const rows = new RowStream<Api.AuditRow>(async (batchRows, cursor) => {
      const since = options.days === undefined ? undefined : this.#daysAgo(operation, options.days);
      const filter = { agent: patternOf(operation, options.agent), since };
      return this.#readRows(operation, auditLogTable, filter, { limit: Infinity, batchRows, cursor });
    });
    return exportAuditTrail(rows, options, this.#clock());
  }

  exportBackup(options: Api.BackupOptions = {}): Promise<Api.BackupReport> {
    return this.#backups.exportBackup(options);
  }

  restoreBackup(options: Api.RestoreOptions): Promise<Api.RestoreReport> {
    return this.#backups.restoreBackup(options);
  }

  async analytics(query: Api.AnalyticsQuery = {}): Promise<Api.AnalyticsReport> {
    const operation = 'analytics';
    const agent = patternOf(operation, query.agent);
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

  async stats(): Promise<Api.Stats> {
    return this.#queue.enqueueRead('stats', () =>
      this.#connection.snapshot(() => {
        const { lastReceipt, ...counts } = readCounts(this.#connection);
        const databaseSizeKb = Math.ceil(this.#connection.sizeBytes() / 1024);
        return { ...counts, databaseSizeKb, lastReceipt };
      }),
    );
  }

  async cleanup(options: Api.CleanupOptions = {}): Promise<Api.CleanupReport> {
    const operation = 'cleanup';
    const { days = 90, dryRun = false, signal } = options;
    const before = this.#daysAgo(operation, days);
    const report = (sizeBeforeBytes: number, rows: OldRows): Api.CleanupReport => ({
      days,
      dryRun,
      before,
      receiptsDeleted: rows.receipts,
      auditEntriesDeleted: rows.audit_log,
      sizeBeforeBytes,
      sizeAfterBytes: this.#connection.sizeBytes(),
    });
    if (dryRun) {
      return this.#queue.enqueueRead(operation, () =>
        this.#connection.snapshot(() =>
          report(this.#connection.sizeBytes(), countOldRows(this.#connection, before)),
        ),
      );
    }
    return this.#queue.enqueueExclusive(operation, EVERY_TABLE, async () => {
      const sizeBeforeBytes = await this.#queue.retryTransient(() => this.#connection.sizeBytes());
      const rows = await abortable(operation, signal, () =>
        this.#queue.withWriteTransaction(() => deleteOldRows(this.#connection, before, options)),
      );
      await this.#vacuum();
      return this.#queue.retryTransient(() => report(sizeBeforeBytes, rows));
    });
  }

  async reset(): Promise<void> {
    await this.#queue.enqueueExclusive('reset', EVERY_TABLE, async () => {
      await this.#queue.withWriteTransaction(async () => {
        for (const table of EVERY_TABLE) this.#connection.run(`DELETE FROM ${table}`);
        recordImportedReceipts(this.#connection, 0, this.#clock());
      });
      await this.#vacuum();
    });
  }

  /** Within exclusive work: gives the room of deleted rows back. */
  #vacuum(): Promise<void> {
    const { durable } = this.#connection;
    const vacuum = (): void => {
      this.#connection.exec('VACUUM');
      // The smaller database is in the log so far, and the file as big as before.
      if (durable.journalMode === 'wal') this.#connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    };
    return this.#queue.retryTransient(() => durable.writeTransaction(vacuum));
  }

  async verify(options: Api.LongOperationOptions = {}): Promise<Api.VerifyReport> {
    const operation = 'verify';
    const read = <Result>(work: () => Result): Promise<Result> => this.#queue.enqueueRead(operation, work);
    return abortable(operation, options.signal, () =>
      new Verification(this.#connection, read, options).run(),
    );
  }

  async exportImage(): Promise<Uint8Array> {
    return this.#queue.enqueueRead('exportImage', () => this.#connection.durable.exportImage());
  }

  importImage(image: Uint8Array): Promise<void> {
    return this.#backups.importImage(image);
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
    const { kind, persistent, lockProvider } = durable.storage.capabilities;
    return this.#queue.enqueueRead('info', () => ({
      storage: kind as Api.Info['storage'],
      path: persistent ? durable.storage.name : null,
      persistent,
      readOnly: durable.readOnly,
      durability: this.#durability,
      journalMode: durable.journalMode,
      lockProvider,
      schemaVersion: SCHEMA_VERSION,
      sqliteVersion: String(this.#connection.get('SELECT sqlite_version()')?.[0]),
      programVersion: PROGRAM_VERSION,
      sizeBytes: this.#connection.sizeBytes(),
      pageSizeBytes: Number(this.#connection.get('PRAGMA page_size')?.[0]),
    }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.close().then(() => this.#release());
    return this.#closing;
  }

  async #release(): Promise<void> {
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

function patternOf(operation: string, agent: string | undefined): string {
  return checkPattern({ operation, name: 'agent' }, agent ?? EVERY_AGENT);
}

function orNotFound(found: string | undefined, operation: string, what: string): string {
  if (found !== undefined) return found;
  throw new PersistenceError('NOT_FOUND', `There is ${what}`, { operation });
}

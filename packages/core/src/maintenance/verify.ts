/**
 * Looks for everything that could be wrong with a database, and says the first of each kind: SQLite's own integrity
 * check, the schema, the indexes, and every row against the rules it was written by.
 */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import type {
  AuditRow,
  AuditStatus,
  LongOperationOptions,
  MemoryRow,
  ReceiptRow,
  ReceiptStatus,
  VerifyProblem,
  VerifyReport,
} from '../api/persistence.ts';
import { readInRowidOrder } from '../tables/keyset-pagination.ts';
import { receiptIdOf } from '../tables/receipts.repository.ts';
import { checkJson } from '../validation/json-text.ts';
import { agentMemoryTable } from '../tables/agent-memory.table.ts';
import { AUDIT_STATUSES, auditLogTable } from '../tables/audit-log.table.ts';
import { migrations, SCHEMA_VERSION } from '../schema/migrations/index.ts';
import { importedReceipts, columnsOf, expectedColumns } from '../schema/migrator.ts';
import { RECEIPT_STATUSES, receiptsTable } from '../tables/receipts.table.ts';
import type { TableShape } from '../tables/table.ts';
import { throwIfAborted } from '../validation/abort.ts';

const OPERATION = 'verify';
const BATCH_ROWS = 500;

/** Runs a read that may have to wait for somebody else's lock. */
export type Read = <Result>(work: () => Result) => Promise<Result>;

type Check = VerifyProblem['check'];

/** Checks a whole database, a piece at a time so that others get their turn. */
export class Verification {
  readonly #connection: SqliteConnection;
  readonly #read: Read;
  readonly #options: LongOperationOptions;
  readonly #problems: Map<Check, VerifyProblem> = new Map();
  #receiptsVerified = 0;
  #receiptsImported = 0;

  constructor(connection: SqliteConnection, read: Read, options: LongOperationOptions) {
    this.#connection = connection;
    this.#read = read;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    try {
      await this.#checkIntegrity();
      await this.#checkSchema();
      const imported = await this.#read(() => importedReceipts(this.#connection));
      await this.#checkRows(receiptsTable, (row, rowid) => this.#checkReceipt(row, rowid <= imported));
      await this.#checkRows(agentMemoryTable, (row) => checkMemoryRow(row));
      await this.#checkRows(auditLogTable, (row) => checkAuditRow(row));
    } catch (error) {
      // A page too damaged to read is what verify is for: reported, not thrown.
      if (!(error instanceof PersistenceError && error.code === 'CORRUPT')) throw error;
      this.#report('integrity', null, error.message);
    }
    const problems = [...this.#problems.values()];
    return {
      ok: problems.length === 0,
      schemaVersion: SCHEMA_VERSION,
      receiptsVerified: this.#receiptsVerified,
      receiptsImported: this.#receiptsImported,
      problems,
    };
  }

  #report(check: Check, row: string | null, message: string): void {
    if (!this.#problems.has(check)) this.#problems.set(check, { check, row, message });
  }

  #turn(stage: string, done: number): void {
    throwIfAborted(OPERATION, this.#options.signal);
    this.#options.onProgress?.({ stage, done, total: undefined, unit: 'rows' });
  }

  /** Blocks for as long as SQLite takes: only a whole check sees pages used twice and a broken free list. */
  async #checkIntegrity(): Promise<void> {
    this.#turn('integrity', 0);
    const [answer] = await this.#read(() => this.#connection.get('PRAGMA integrity_check(1)') ?? ['']);
    if (answer !== 'ok') this.#report('integrity', null, String(answer));
  }

  async #checkSchema(): Promise<void> {
    for (const [table, expected] of expectedColumns) {
      const columns = await this.#read(() => columnsOf(this.#connection, table));
      const missing = expected.filter((column) => !columns.includes(column));
      if (missing.length > 0) this.#report('schema', table, `${table} lacks ${missing.join(', ')}`);
    }
    const present = await this.#read(
      () =>
        new Set(
          this.#connection.all("SELECT name FROM sqlite_schema WHERE type = 'index'").map(([name]) => name),
        ),
    );
    for (const { sql } of migrations) {
      for (const [, name = ''] of sql.matchAll(/CREATE INDEX IF NOT EXISTS (\w+)/g)) {
        if (!present.has(name)) this.#report('index', null, `the index ${name} is missing`);
      }
    }
  }

  async #checkRows<Row extends object>(
    table: TableShape<Row>,
    problemOf: (row: Row, rowid: number) => string | undefined,
  ): Promise<void> {
    const check = ROW_CHECKS[table.name];
    let after = -Infinity;
    for (let done = 0; ;) {
      this.#turn(table.name, done);
      const batch = await this.#read(() => readInRowidOrder<Row>(this.#connection, table, after, BATCH_ROWS));
      for (const [index, row] of batch.rows.entries()) {
        const rowid = batch.rowids[index] ?? 0;
        const problem = problemOf(row, rowid);
        if (problem !== undefined) this.#report(check, `${table.name} ${rowid}`, problem);
      }
      done += batch.rows.length;
      if (batch.lastRowid === undefined) return;
      after = batch.lastRowid;
    }
  }

  #checkReceipt(row: ReceiptRow, imported: boolean): string | undefined {
    const problem = jsonProblem('receipt', row.receiptJson);
    if (problem !== undefined) return problem;
    if (imported) {
      this.#receiptsImported++;
      return undefined;
    }
    const { executionId, agentId, agentType, receiptJson } = row;
    const expected = receiptIdOf({
      executionId,
      agentId,
      agentType,
      receiptJson,
      status: row.status as ReceiptStatus,
      durationMs: row.durationMs ?? 0,
    });
    if (expected !== row.receiptId) {
      return `receipt_id is ${row.receiptId}, but the receipt's content gives ${expected}`;
    }
    if (!RECEIPT_STATUSES.includes(row.status as ReceiptStatus))
      return `status is ${JSON.stringify(row.status)}`;
    this.#receiptsVerified++;
    return undefined;
  }
}

const ROW_CHECKS = { receipts: 'receipt', agent_memory: 'memory', audit_log: 'audit' } as const;

function checkMemoryRow(row: MemoryRow): string | undefined {
  return (
    jsonProblem('memory', row.memoryJson) ?? (row.version >= 1 ? undefined : `version is ${row.version}`)
  );
}

function checkAuditRow(row: AuditRow): string | undefined {
  return AUDIT_STATUSES.includes(row.status as AuditStatus)
    ? undefined
    : `status is ${JSON.stringify(row.status)}`;
}

function jsonProblem(name: string, text: unknown): string | undefined {
  if (typeof text !== 'string') return `${name}_json is no text`;
  try {
    checkJson({ operation: OPERATION, name }, text);
    return undefined;
  } catch (error) {
    if (error instanceof PersistenceError) return error.message;
    throw error;
  }
}

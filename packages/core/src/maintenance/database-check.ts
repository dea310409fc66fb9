/** Everything that could be wrong with a database, checked in steps. */
import { yieldToEventLoop } from '#queue/yield';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { LongOperationOptions, ReceiptRow, VerifyProblem } from '../api/persistence.ts';
import { HistoryCheck } from '../change-log/check-history.ts';
import { redactedIds } from '../change-log/removals.ts';
import { CHANGE_LOG_SQL, readOrigin } from '../schema/change-log-table.ts';
import { importedReceipts } from '../schema/metadata.ts';
import { indexesIn, OWN_INDEXES } from '../schema/migrations/index.ts';
import { findTableProblems } from '../schema/table-check.ts';
import { TABLES } from '../tables/index.ts';
import { countStrayEntries, type Rowid } from '../tables/foreign-times.ts';
import { readInRowidOrder, type RowidBatch } from '../tables/keyset-pagination.ts';
import { receiptsTable } from '../tables/receipts.ts';
import { parseRedacted } from '../tables/redaction.ts';
import { rowProblem, type AnyTable } from '../tables/table.ts';
import { compareCheckpoints } from '../transparency/log-tree.ts';
import { throwIfAborted } from '../validation/abort.ts';

/** Problems listed of each check: a report stays readable, and no check hides the problems of another. */
export const LISTED_PROBLEMS = 100;

/** Runs a read that may have to wait for another connection's lock. */
export type Read = <T>(work: () => T) => Promise<T>;

/** Options of a {@link DatabaseCheck}. */
export interface CheckOptions extends LongOperationOptions {
  /** Method that checks, for errors. */
  readonly operation: string;
}

/**
 * Everything that could be wrong with a database, in steps so that other operations can run in between. `verify` reports
 * what it finds; a restore refuses it.
 */
export class DatabaseCheck {
  readonly #connection: SqliteConnection;
  readonly #read: Read;
  readonly #options: CheckOptions;
  #isSound = true;
  receiptsVerified = 0;
  receiptsImported = 0;
  receiptsRedacted = 0;

  constructor(connection: SqliteConnection, read: Read, options: CheckOptions) {
    this.#connection = connection;
    this.#read = read;
    this.#options = options;
  }

  /** Blocks for as long as SQLite takes: only a whole check finds pages used twice and a broken free list. */
  async *integrity(): AsyncGenerator<VerifyProblem> {
    this.#reportProgress('integrity', 0);
    const answers = await this.#read(() =>
      this.#connection.all(`PRAGMA integrity_check(${LISTED_PROBLEMS})`),
    );
    for (const [answer] of answers)
      if (answer !== 'ok') yield this.#problem('integrity', null, String(answer));
  }

  /** Checks the tables and the indexes. */
  async *schema(): AsyncGenerator<VerifyProblem> {
    for (const [table, { reason }] of await this.#read(() => findTableProblems(this.#connection))) {
      yield this.#problem('schema', table, reason);
    }
    const present = await this.#read(
      () =>
        new Map(
          this.#connection
            .all("SELECT name, sql FROM sqlite_schema WHERE type = 'index'")
            .map(([name, sql]) => [name, sql] as const),
        ),
    );
    const hasLog = await this.#read(() => readOrigin(this.#connection) !== undefined);
    for (const { name, sql, mayBeOther } of [...OWN_INDEXES, ...(hasLog ? indexesIn(CHANGE_LOG_SQL) : [])]) {
      if (!present.has(name)) yield this.#problem('index', null, `the index ${name} is missing`);
      else if (!mayBeOther && present.get(name) !== sql) {
        yield this.#problem('index', null, `the index ${name} is not the one that queries need`);
      }
    }
    for (const table of TABLES) {
      const index = `idx_${table.name}_time_form`;
      if (!present.has(index) || !this.#isSound) continue;
      const stray = await this.#read(() => countStrayEntries(this.#connection, table));
      if (stray > 0) yield this.#problem('index', null, `the index ${index} has ${stray} entries of no row`);
    }
  }

  /** Checks every row against the rules that it was written by. */
  async *rows(): AsyncGenerator<VerifyProblem> {
    const imported = await this.#read(() => importedReceipts(this.#connection));
    const redacted = await this.#read(() => redactedIds(this.#connection, 'receipts'));
    for (const table of TABLES) {
      yield* this.#rowsOf(table, table === receiptsTable ? imported : -Infinity, redacted);
    }
  }

  /**
   * @param lastImported - greatest rowid among imported rows
   * @param redacted - ids of the receipts that were redacted; undefined where nobody knows
   */
  async *#rowsOf(
    table: AnyTable,
    lastImported: number,
    redacted: ReadonlySet<string> | undefined,
  ): AsyncGenerator<VerifyProblem> {
    let afterRowid: Rowid = -Infinity;
    for (let done = 0; ;) {
      this.#reportProgress(table.name, done);
      // Other operations of this process run between two batches.
      const batch: RowidBatch<object> = await this.#read(() =>
        readInRowidOrder<object>(this.#connection, table, afterRowid),
      );
      for (const [index, row] of batch.rows.entries()) {
        const rowid = batch.rowids[index] ?? 0;
        const isImported = rowid <= lastImported;
        let problem = rowProblem(table, row, isImported);
        let isRedacted = false;
        if (problem !== undefined && table === receiptsTable) {
          // The id of a receipt is computed from its content, and so says nothing of one that was redacted.
          const { receiptId, receiptJson } = row as Partial<ReceiptRow>;
          isRedacted = parseRedacted(receiptJson) !== undefined && redacted?.has(receiptId ?? '') !== false;
          if (isRedacted) problem = rowProblem(table, row, true);
        }
        if (problem !== undefined) yield this.#problem(table.verifyCheck, `${table.name} ${rowid}`, problem);
        else if (isRedacted) this.receiptsRedacted++;
        else if (isImported) this.receiptsImported++;
        else if (table === receiptsTable) this.receiptsVerified++;
      }
      done += batch.rows.length;
      if (batch.lastRowid === undefined) return;
      afterRowid = batch.lastRowid;
    }
  }

  /**
   * Compares every row with the change log. The caller keeps the database in one state meanwhile.
   * @returns what was found; undefined without a change log
   */
  async history(): Promise<HistoryCheck | undefined> {
    if (readOrigin(this.#connection) === undefined) return undefined;
    const check = new HistoryCheck(this.#connection, LISTED_PROBLEMS);
    for (const done of check.run()) {
      this.#reportProgress('history', done);
      await yieldToEventLoop();
    }
    return check;
  }

  /** Compares the beginning of the change log with checkpoints. The caller keeps the database in one state meanwhile. */
  async *checkpoints(notes: readonly string[]): AsyncGenerator<VerifyProblem> {
    let done = 0;
    for (const problem of compareCheckpoints(this.#connection, notes)) {
      if (problem !== undefined) yield this.#problem('history', null, problem);
      this.#reportProgress('checkpoints', done++);
      await yieldToEventLoop();
    }
  }

  #problem(check: VerifyProblem['check'], row: string | null, message: string): VerifyProblem {
    this.#isSound = false;
    return { check, row, message };
  }

  #reportProgress(stage: string, done: number): void {
    const { operation, signal, onProgress } = this.#options;
    throwIfAborted(operation, signal);
    onProgress?.({ stage, done, total: undefined, unit: 'rows' });
  }
}

/** Reads a database that no other connection has. */
export async function readAtOnce<T>(work: () => T): Promise<T> {
  await yieldToEventLoop();
  return work();
}

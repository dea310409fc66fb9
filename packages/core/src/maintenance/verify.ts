/**
 * Looks for everything that could be wrong with a database and reports every problem: SQLite's own integrity check, the
 * schema, the indexes, and every row against the rules that it was written by.
 */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import type { LongOperationOptions, VerifyProblem, VerifyReport } from '../api/persistence.ts';
import { importedReceipts } from '../schema/metadata.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../schema/migrations/index.ts';
import { findTableProblems } from '../schema/table-check.ts';
import { TABLES } from '../tables/index.ts';
import { countStrayEntries, type Rowid } from '../tables/foreign-times.ts';
import { readInRowidOrder, type RowidBatch } from '../tables/keyset-pagination.ts';
import { receiptsTable } from '../tables/receipts.ts';
import { rowProblem, type AnyTable } from '../tables/table.ts';
import { throwIfAborted } from '../validation/abort.ts';

const OPERATION = 'verify';

/** Rows checked at a time; other operations of this process run in between. */
const BATCH_ROWS = 500;

/** Problems listed of each check: a report stays readable, and no check hides the problems of another. */
const LISTED_PROBLEMS = 100;

/** Runs a read that may have to wait for another connection's lock. */
export type Read = <T>(work: () => T) => Promise<T>;

/** Checks a whole database, in steps so that other operations can run in between. */
export class Verification {
  readonly #connection: SqliteConnection;
  readonly #read: Read;
  readonly #options: LongOperationOptions;
  readonly #problems: Map<VerifyProblem['check'], VerifyProblem[]> = new Map();
  #problemCount = 0;
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
      for (const table of TABLES)
        await this.#checkRows(table, table === receiptsTable ? imported : -Infinity);
    } catch (error) {
      // A page too damaged to read is what verify is for: reported, not thrown.
      if (!(error instanceof PersistenceError && error.code === 'CORRUPT')) throw error;
      this.#report('integrity', null, error.message);
    }
    return {
      ok: this.#problemCount === 0,
      schemaVersion: SCHEMA_VERSION,
      receiptsVerified: this.#receiptsVerified,
      receiptsImported: this.#receiptsImported,
      problemCount: this.#problemCount,
      problems: [...this.#problems.values()].flat(),
    };
  }

  #report(check: VerifyProblem['check'], row: string | null, message: string): void {
    this.#problemCount++;
    const listed = this.#problems.get(check) ?? [];
    if (listed.length < LISTED_PROBLEMS) this.#problems.set(check, [...listed, { check, row, message }]);
  }

  #reportProgress(stage: string, done: number): void {
    throwIfAborted(OPERATION, this.#options.signal);
    this.#options.onProgress?.({ stage, done, total: undefined, unit: 'rows' });
  }

  /** Blocks for as long as SQLite takes: only a whole check finds pages used twice and a broken free list. */
  async #checkIntegrity(): Promise<void> {
    this.#reportProgress('integrity', 0);
    const answers = await this.#read(() =>
      this.#connection.all(`PRAGMA integrity_check(${LISTED_PROBLEMS})`),
    );
    for (const [answer] of answers) if (answer !== 'ok') this.#report('integrity', null, String(answer));
  }

  async #checkSchema(): Promise<void> {
    for (const [table, { reason }] of await this.#read(() => findTableProblems(this.#connection))) {
      this.#report('schema', table, reason);
    }
    const present = await this.#read(
      () =>
        new Map(
          this.#connection
            .all("SELECT name, sql FROM sqlite_schema WHERE type = 'index'")
            .map(([name, sql]) => [name, sql] as const),
        ),
    );
    for (const { sql } of MIGRATIONS) {
      for (const [definition, mayBeOther, name = ''] of sql.matchAll(
        /CREATE INDEX (IF NOT EXISTS )?(\w+)[^;]*/g,
      )) {
        if (!present.has(name)) this.#report('index', null, `the index ${name} is missing`);
        else if (mayBeOther === undefined && present.get(name) !== definition) {
          this.#report('index', null, `the index ${name} is not the one that queries need`);
        }
      }
    }
    for (const table of TABLES) {
      const index = `idx_${table.name}_foreign_time`;
      if (!present.has(index) || this.#problemCount > 0) continue;
      const stray = await this.#read(() => countStrayEntries(this.#connection, table));
      if (stray > 0) this.#report('index', null, `the index ${index} has ${stray} entries of no row`);
    }
  }

  /** @param lastImported - greatest rowid among imported rows */
  async #checkRows(table: AnyTable, lastImported: number): Promise<void> {
    let afterRowid: Rowid = -Infinity;
    for (let done = 0; ;) {
      this.#reportProgress(table.name, done);
      const batch: RowidBatch<object> = await this.#read(() =>
        readInRowidOrder<object>(this.#connection, table, afterRowid, BATCH_ROWS),
      );
      for (const [index, row] of batch.rows.entries()) {
        const rowid = batch.rowids[index] ?? 0;
        const isImported = rowid <= lastImported;
        const problem = rowProblem(table, row, isImported);
        if (problem !== undefined) this.#report(table.verifyCheck, `${table.name} ${rowid}`, problem);
        else if (isImported) this.#receiptsImported++;
        else if (table === receiptsTable) this.#receiptsVerified++;
      }
      done += batch.rows.length;
      if (batch.lastRowid === undefined) return;
      afterRowid = batch.lastRowid;
    }
  }
}

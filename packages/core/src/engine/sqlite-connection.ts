import {
  ResultCode,
  SqliteError,
  type DurableDatabase,
  type RawStatement,
  type SqlJsStatement,
} from '@ggen-sim/sqljs-vfs';

/** A value SQLite can bind or return. An integer that a number would round is a bigint. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** One instruction of a statement's program, as EXPLAIN lists it (https://www.sqlite.org/opcode.html). */
export interface Instruction {
  readonly opcode: string;
  readonly p1: number;
  readonly p4: string;
  readonly p5: number;
}

/** Steps of {@link SqliteConnection.transaction} that the caller replaces. */
export interface TransactionSteps<T> {
  /** Begins, with retries of its own for instance. @default begins once */
  readonly begin?: (begin: () => void) => void | Promise<void>;
  /** Ends a `write` transaction after its work. @default COMMIT */
  readonly commit?: (result: T) => void | Promise<void>;
}

/**
 * The one connection of an open database: statements are prepared once and kept, values are always bound. Statements
 * run synchronously; the operation queue decides when each may run.
 */
export class SqliteConnection {
  readonly durable: DurableDatabase;
  readonly #statements: Map<string, SqlJsStatement> = new Map();
  readonly #functions: Set<string> = new Set();
  /** Statements of {@link SqliteConnection.repeating}, by their SQL. */
  #repeated: Map<string, RawStatement> | undefined;

  constructor(durable: DurableDatabase) {
    this.durable = durable;
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.durable.database.exec(sql);
  }

  /** Runs one statement. @returns the number of rows it changed */
  run(sql: string, values: readonly SqlValue[] = []): number {
    const changed = this.#repeated && this.#runRepeated(this.#repeated, sql, values);
    if (changed !== undefined) return changed;
    const statement = this.#prepared(sql);
    try {
      bind(statement, values);
      while (statement.step());
      return this.durable.database.getRowsModified();
    } finally {
      statement.reset();
    }
  }

  /** Reads the first row; undefined without any. */
  get(sql: string, values: readonly SqlValue[] = []): SqlValue[] | undefined {
    const statement = this.#prepared(sql);
    try {
      bind(statement, values);
      if (!statement.step()) return undefined;
      const row = exactRow(statement);
      // A statement that writes and returns rows (RETURNING) has to run to its end.
      while (statement.step());
      return row;
    } finally {
      statement.reset();
    }
  }

  /**
   * Reads every row, or the first ones.
   * @param enoughBytes - reading ends with the row that completes as many bytes of values
   */
  all(sql: string, values: readonly SqlValue[] = [], enoughBytes: number = Infinity): SqlValue[][] {
    const statement = this.#prepared(sql);
    const rows: SqlValue[][] = [];
    try {
      bind(statement, values);
      for (let bytes = 0; bytes < enoughBytes && statement.step();) {
        const row = exactRow(statement);
        rows.push(row);
        if (enoughBytes !== Infinity) bytes += sizeBytesOf(row);
      }
      return rows;
    } finally {
      statement.reset();
    }
  }

  /**
   * Runs synchronous work that runs the same few statements for many rows: preparing each anew costs less than a row of what
   * its values are bound faster.
   */
  repeating<T>(work: () => T): T {
    const outer = this.#repeated;
    const statements = new Map<string, RawStatement>();
    this.#repeated = statements;
    try {
      return work();
    } finally {
      this.#repeated = outer;
      for (const statement of statements.values()) statement.finalize();
    }
  }

  #runRepeated(
    statements: Map<string, RawStatement>,
    sql: string,
    values: readonly SqlValue[],
  ): number | undefined {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = this.durable.prepareRaw(sql)));
    return statement.run(values);
  }

  /** Makes a function available to SQL, once. */
  defineFunction(name: string, run: (value: SqlValue) => SqlValue): void {
    if (this.#functions.has(name)) return;
    this.durable.database.create_function(name, run);
    this.#functions.add(name);
  }

  /** Lists what SQLite would do for a statement, without running it. */
  explain(sql: string): Instruction[] {
    const statement = this.durable.database.prepare(`EXPLAIN ${sql}`);
    const program: Instruction[] = [];
    try {
      while (statement.step()) {
        const [, opcode, p1, , , p4, p5] = statement.get();
        program.push({ opcode: String(opcode), p1: Number(p1), p4: String(p4), p5: Number(p5) });
      }
      return program;
    } finally {
      statement.free();
    }
  }

  /** Size of the database in bytes: the file's, or what it will be after a checkpoint of the write-ahead log. */
  sizeBytes(): number {
    const [pages] = this.get('PRAGMA page_count') ?? [0];
    const [pageSizeBytes] = this.get('PRAGMA page_size') ?? [0];
    return Number(pages) * Number(pageSizeBytes);
  }

  /**
   * Fills an array with bytes of the database file. The caller holds a read transaction.
   * @param offset - bytes from the start
   * @throws SqliteError SQLITE_IOERR (10) when the file fails or ends before
   */
  readFile(target: Uint8Array, offset: number): void {
    const readBytes = this.durable.readFile(target, offset);
    if (readBytes < target.length)
      throw new SqliteError(ResultCode.IOERR, 'the file ended while it was read');
  }

  /** Size of the pages that hold nothing, in bytes. SQLite uses them before the file grows. */
  freeBytes(): number {
    const [pages] = this.get('PRAGMA freelist_count') ?? [0];
    const [pageSizeBytes] = this.get('PRAGMA page_size') ?? [0];
    return Number(pages) * Number(pageSizeBytes);
  }

  /**
   * Runs work in one transaction and rolls back when the work or the commit fails.
   *
   * - `read`: one state of the database, under a shared lock taken before the work starts. Nothing is committed.
   * - `write`: BEGIN IMMEDIATE, the work, then `steps.commit`.
   *
   * Synchronous work gets from BEGIN to its first COMMIT without giving way to other tasks.
   *
   * @throws the first error; an error of the rollback after it is dropped
   */
  async transaction<T>(
    kind: 'read' | 'write',
    work: () => T | Promise<T>,
    { begin = (now): void => now(), commit }: TransactionSteps<T> = {},
  ): Promise<T> {
    const beginning = begin(() => (kind === 'write' ? void this.run('BEGIN IMMEDIATE') : this.#beginRead()));
    if (beginning) await beginning;
    try {
      const working = work();
      const result = working instanceof Promise ? await working : working;
      if (kind === 'read') this.rollbackQuietly();
      else if (commit) await commit(result);
      else this.run('COMMIT');
      return result;
    } catch (error) {
      this.rollbackQuietly();
      throw error;
    }
  }

  /** BEGIN takes no lock yet; the first read does. */
  #beginRead(): void {
    this.exec('BEGIN');
    try {
      this.touchSchema();
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** Runs several synchronous reads of one state of the database. */
  snapshot<T>(read: () => T): T {
    this.exec('BEGIN');
    try {
      return read();
    } finally {
      this.rollback();
    }
  }

  /**
   * Makes SQLite read the schema. That takes the shared lock, rolls back a hot journal and drops the page cache when
   * another connection has committed.
   */
  touchSchema(): void {
    this.exec('SELECT count(*) FROM sqlite_schema');
  }

  /** Moves the write-ahead log into the database file and empties it. Does nothing where there is no log. */
  checkpoint(): void {
    this.durable.checkpoint();
  }

  /** Ends an open transaction, unless SQLite has ended it itself after a failure. */
  rollback(): void {
    try {
      this.exec('ROLLBACK');
    } catch (error) {
      if (!/no transaction is active/.test((error as Error).message)) throw error;
    }
  }

  /** Rolls back after a failure, whose error is the one to report, not that of the rollback. */
  rollbackQuietly(): void {
    try {
      this.rollback();
    } catch {
      // SQLite ends the transaction itself when the storage fails; the next BEGIN fails if it did not.
    }
  }

  /**
   * Closes the database with access to the storage; without it where the database was removed or another tab keeps the
   * storage's lock.
   */
  async close(): Promise<void> {
    let reached = false;
    try {
      await this.durable.readTransaction(() => {
        reached = true;
        this.durable.close();
      });
    } catch (error) {
      if (reached) throw error;
      this.durable.close();
    }
  }

  #prepared(sql: string): SqlJsStatement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.durable.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Binds values. sql.js passes a bigint as text, which every column of integers turns back. Its types do not know that. */
export function bind(statement: SqlJsStatement, values: readonly SqlValue[]): void {
  statement.bind([...values] as (string | number | Uint8Array | null)[]);
}

/** Adds up texts, by their UTF-16 code units, and BLOBs: only they can be large. */
export function sizeBytesOf(row: readonly SqlValue[]): number {
  let bytes = 0;
  for (const value of row) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

/** Reads a row. sql.js rounds integers beyond 2^53 unless it is asked for bigints, which are slow for every other value. */
export function exactRow(statement: SqlJsStatement): SqlValue[] {
  const row: SqlValue[] = statement.get();
  if (!row.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value))) return row;
  const readExact = statement.get.bind(statement) as (values: null, config: object) => SqlValue[];
  const exact = readExact(null, { useBigInt: true });
  return row.map((value, index) => (Number.isSafeInteger(value) ? value : (exact[index] ?? null)));
}

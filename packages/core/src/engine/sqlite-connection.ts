import type { DurableDatabase, SqlJsStatement } from '@ggen-sim/sqljs-vfs';

/** A value SQLite can bind or answer. */
export type SqlValue = string | number | Uint8Array | null;

/** One step of a statement's program, as EXPLAIN tells it (https://www.sqlite.org/opcode.html). */
export interface Instruction {
  readonly opcode: string;
  readonly p1: number;
  readonly p4: string;
}

/**
 * The one connection of an open database: statements prepared once and kept, values always bound. Everything here is
 * synchronous; who may call it when is the operation queue's business.
 */
export class SqliteConnection {
  readonly durable: DurableDatabase;
  readonly #statements: Map<string, SqlJsStatement> = new Map();

  constructor(durable: DurableDatabase) {
    this.durable = durable;
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.durable.database.exec(sql);
  }

  /** Runs one statement. @returns how many rows it changed */
  run(sql: string, values: readonly SqlValue[] = []): number {
    const statement = this.#prepared(sql);
    try {
      statement.bind([...values]);
      while (statement.step());
      return this.durable.database.getRowsModified();
    } finally {
      statement.reset();
    }
  }

  /** The first row, or undefined. */
  get(sql: string, values: readonly SqlValue[] = []): SqlValue[] | undefined {
    const statement = this.#prepared(sql);
    try {
      statement.bind([...values]);
      if (!statement.step()) return undefined;
      const row = statement.get();
      // A statement that writes and answers (RETURNING) has to run to its end.
      while (statement.step());
      return row;
    } finally {
      statement.reset();
    }
  }

  /** Every row. */
  all(sql: string, values: readonly SqlValue[] = []): SqlValue[][] {
    const statement = this.#prepared(sql);
    const rows: SqlValue[][] = [];
    try {
      statement.bind([...values]);
      while (statement.step()) rows.push(statement.get());
      return rows;
    } finally {
      statement.reset();
    }
  }

  /** What SQLite would do for a statement; nothing is run. */
  explain(sql: string): Instruction[] {
    const statement = this.durable.database.prepare(`EXPLAIN ${sql}`);
    const program: Instruction[] = [];
    try {
      while (statement.step()) {
        const [, opcode, p1, , , p4] = statement.get();
        program.push({ opcode: String(opcode), p1: Number(p1), p4: String(p4) });
      }
      return program;
    } finally {
      statement.free();
    }
  }

  /** Size of the database in bytes: the file's, or what it will be once a write-ahead log is folded into it. */
  sizeBytes(): number {
    const [pages] = this.get('PRAGMA page_count') ?? [0];
    const [pageSizeBytes] = this.get('PRAGMA page_size') ?? [0];
    return Number(pages) * Number(pageSizeBytes);
  }

  /** Several reads of one state of the database. */
  snapshot<T>(read: () => T): T {
    this.exec('BEGIN');
    try {
      return read();
    } finally {
      this.rollback();
    }
  }

  /** Ends an open transaction, if SQLite has not ended it by itself after a failure. */
  rollback(): void {
    try {
      this.exec('ROLLBACK');
    } catch (error) {
      if (!/no transaction is active/.test((error as Error).message)) throw error;
    }
  }

  /** Lets the database go: within a turn, or without one where it was removed or another tab keeps it. */
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

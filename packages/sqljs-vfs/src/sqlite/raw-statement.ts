/**
 * A statement that is run with other values again and again, as an import does. sql.js writes a bound text character by
 * character into memory that it allocates for it; here the bytes of all values of a run are encoded into one buffer.
 */
import { ResultCode } from '../result-codes.ts';
import type { SqlJs } from './load-sqljs.ts';
import { prepare, type StatementApi } from './raw-rows.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

/** A value to bind. */
export type RawValue = string | number | bigint | Uint8Array | null;

/** A prepared statement that returns no rows. */
export interface RawStatement {
  /**
   * Runs the statement.
   * @returns the number of rows that it changed; undefined for values that it cannot bind: a text with half a surrogate pair,
   * and values of more than 64 KiB together
   * @throws SqliteError
   */
  run(values: readonly RawValue[]): number | undefined;
  /** Frees the statement, which has to be done before the database is closed. */
  finalize(): void;
}

/** Size of the buffer. A UTF-16 code unit takes at most three bytes of it. */
const BUFFER_BYTES = 192 * 1024;

/** Texts up to this length are copied by a loop, which costs less than the call of an encoder. */
const SHORT_CHARACTERS = 40;

/** The bytes of a bound value stay where they are until the statement has run. */
const SQLITE_STATIC = 0;

const ENCODER = new TextEncoder();

/** Half of a surrogate pair, which has no form in UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Prepares a statement. @throws SqliteError */
export function prepareRaw(sqlJs: SqlJs, database: SqlJsDatabase, sql: string): RawStatement {
  return new PreparedStatement(sqlJs, database, sql);
}

/** Members of sql.js's database that its types leave out. */
type Connection = SqlJsDatabase & { readonly db: number; handleError(code: number): void };

class PreparedStatement implements RawStatement {
  readonly #api: StatementApi;
  readonly #memory: WebAssembly.Memory;
  readonly #connection: Connection;
  readonly #statement: number;
  readonly #buffer: number;
  #heap: Uint8Array;

  constructor({ module, memory }: SqlJs, database: SqlJsDatabase, sql: string) {
    this.#api = module as unknown as StatementApi;
    this.#memory = memory;
    this.#connection = database as Connection;
    const check = (resultCode: number): void => this.#check(resultCode);
    this.#statement = prepare(this.#api, memory, this.#connection.db, sql, check);
    this.#buffer = this.#api._malloc(BUFFER_BYTES);
    this.#heap = new Uint8Array(memory.buffer);
  }

  run(values: readonly RawValue[]): number | undefined {
    // The memory may have grown, and its buffer is another one then.
    if (this.#heap.buffer !== this.#memory.buffer) this.#heap = new Uint8Array(this.#memory.buffer);
    let position = this.#buffer;
    for (let index = 0; index < values.length; index++) {
      const end = this.#bind(index + 1, values[index] ?? null, position);
      if (end === undefined) return undefined;
      position = end;
    }
    const resultCode = this.#step();
    // Resetting repeats the result code of the step.
    this.#api._sqlite3_reset(this.#statement);
    if (resultCode !== ResultCode.DONE) this.#check(resultCode);
    return this.#api._sqlite3_changes(this.#connection.db);
  }

  finalize(): void {
    this.#api._sqlite3_finalize(this.#statement);
    this.#api._free(this.#buffer);
  }

  #step(): number {
    for (;;) {
      const resultCode = this.#api._sqlite3_step(this.#statement);
      if (resultCode !== ResultCode.ROW) return resultCode;
    }
  }

  #check(resultCode: number): void {
    if (resultCode !== ResultCode.OK) this.#connection.handleError(resultCode);
  }

  /** Binds a value whose bytes are written from a position on. @returns the position after them; undefined if it cannot */
  #bind(index: number, value: RawValue, position: number): number | undefined {
    const api = this.#api;
    const statement = this.#statement;
    if (typeof value === 'string') return this.#bindText(index, value, position);
    if (typeof value === 'bigint') return this.#bindText(index, String(value), position);
    if (value === null) {
      // A BLOB at no address is NULL. sql.js has no function for it.
      this.#check(api._sqlite3_bind_blob(statement, index, 0, 0, SQLITE_STATIC));
      return position;
    }
    if (typeof value === 'number') {
      this.#check(
        value === (value | 0)
          ? api._sqlite3_bind_int(statement, index, value)
          : api._sqlite3_bind_double(statement, index, value),
      );
      return position;
    }
    if (value.length > this.#roomAt(position)) return undefined;
    this.#heap.set(value, position);
    this.#check(api._sqlite3_bind_blob(statement, index, position, value.length, SQLITE_STATIC));
    return position + value.length;
  }

  #bindText(index: number, text: string, position: number): number | undefined {
    if (text.length * 3 > this.#roomAt(position)) return undefined;
    const bytes = this.#writeText(text, position);
    if (bytes !== text.length && LONE_SURROGATE.test(text)) return undefined;
    this.#check(this.#api._sqlite3_bind_text(this.#statement, index, position, bytes, SQLITE_STATIC));
    return position + bytes;
  }

  #writeText(text: string, position: number): number {
    const heap = this.#heap;
    if (text.length <= SHORT_CHARACTERS) {
      let index = 0;
      for (; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        heap[position + index] = code;
      }
      if (index === text.length) return index;
    }
    return ENCODER.encodeInto(text, heap.subarray(position, this.#buffer + BUFFER_BYTES)).written;
  }

  #roomAt(position: number): number {
    return this.#buffer + BUFFER_BYTES - position;
  }
}

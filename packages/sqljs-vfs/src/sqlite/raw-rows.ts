/**
 * Rows read as the bytes that SQLite has. A value of JavaScript for each column costs several times what SQLite takes for
 * the row, and who hashes the bytes has no use for it.
 */
import { ResultCode } from '../result-codes.ts';
import type { SqlJs } from './load-sqljs.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

/** A value to bind to a statement of {@link DurableDatabase.eachRow}. */
export type RawBindValue = number | string | null;

/** Fundamental datatypes (https://www.sqlite.org/c3ref/c_blob.html). */
export const Datatype = { INTEGER: 1, FLOAT: 2, TEXT: 3, BLOB: 4, NULL: 5 } as const;

/** The current row of a statement. What it returns of a row is valid until the next one. */
export interface RawRow {
  /** Returns one of {@link Datatype}. @param column - its number in the SELECT, from 0 */
  type(column: number): number;
  /** Returns a number. SQLite converts other types. */
  number(column: number): number;
  /** Returns an integer exactly: a bigint beyond 2^53. */
  integer(column: number): number | bigint;
  /** Returns a text. A byte that is not UTF-8 becomes U+FFFD. */
  text(column: number): string;
  /**
   * Returns the bytes of a BLOB, or of a text in UTF-8, in the memory of SQLite: any other call to SQLite may overwrite
   * them.
   */
  bytes(column: number): Uint8Array;
  /**
   * Copies the bytes of a BLOB, or of a text in UTF-8, as far as there is room for all of them.
   * @param start - place in the target
   * @returns the number of bytes, copied or not
   */
  copyTo(column: number, target: Uint8Array, start: number): number;
  /** True where the bytes of two columns are the same, each a BLOB or a text in UTF-8. */
  hasSameBytes(column: number, other: number): boolean;
}

/** Functions of sql.js's module, which are those of SQLite. */
export interface StatementApi {
  _malloc(sizeBytes: number): number;
  _free(pointer: number): void;
  stringToNewUTF8(text: string): number;
  _sqlite3_prepare_v2(db: number, sql: number, bytes: number, statement: number, tail: number): number;
  _sqlite3_bind_double(statement: number, index: number, value: number): number;
  _sqlite3_bind_int(statement: number, index: number, value: number): number;
  _sqlite3_bind_blob(statement: number, index: number, blob: number, bytes: number, free: number): number;
  _sqlite3_bind_text(statement: number, index: number, text: number, bytes: number, free: number): number;
  _sqlite3_step(statement: number): number;
  _sqlite3_reset(statement: number): number;
  _sqlite3_finalize(statement: number): number;
  _sqlite3_changes(db: number): number;
  _sqlite3_column_type(statement: number, column: number): number;
  _sqlite3_column_double(statement: number, column: number): number;
  _sqlite3_column_text(statement: number, column: number): number;
  _sqlite3_column_blob(statement: number, column: number): number;
  _sqlite3_column_bytes(statement: number, column: number): number;
}

/** Makes SQLite copy a bound text. */
const SQLITE_TRANSIENT = -1;

/** Runs one statement, and visits each of its rows. @throws SqliteError */
export function eachRawRow(
  { module, memory }: SqlJs,
  database: SqlJsDatabase,
  sql: string,
  values: readonly RawBindValue[],
  visit: (row: RawRow) => void,
): void {
  const api = module as unknown as StatementApi;
  const connection = database as SqlJsDatabase & { db: number; handleError(code: number): void };
  const check = (resultCode: number): void => {
    if (resultCode !== ResultCode.OK) connection.handleError(resultCode);
  };
  const statement = prepare(api, memory, connection.db, sql, check);
  try {
    for (const [index, value] of values.entries()) check(bind(api, statement, index + 1, value));
    const row = new CurrentRow(api, memory, statement);
    for (;;) {
      const resultCode = api._sqlite3_step(statement);
      if (resultCode === ResultCode.DONE) return;
      if (resultCode !== ResultCode.ROW) check(resultCode);
      visit(row);
    }
  } finally {
    // Its result code repeats that of the last step.
    api._sqlite3_finalize(statement);
  }
}

/** Prepares one statement. @returns its pointer */
export function prepare(
  api: StatementApi,
  memory: WebAssembly.Memory,
  db: number,
  sql: string,
  check: (resultCode: number) => void,
): number {
  const text = api.stringToNewUTF8(sql);
  const result = api._malloc(4);
  try {
    check(api._sqlite3_prepare_v2(db, text, -1, result, 0));
    return new DataView(memory.buffer).getUint32(result, true);
  } finally {
    api._free(text);
    api._free(result);
  }
}

/** @param index - of the parameter, from 1 */
function bind(api: StatementApi, statement: number, index: number, value: RawBindValue): number {
  // A parameter that is not bound is NULL.
  if (value === null) return ResultCode.OK;
  if (typeof value === 'number') {
    return value === (value | 0)
      ? api._sqlite3_bind_int(statement, index, value)
      : api._sqlite3_bind_double(statement, index, value);
  }
  const text = api.stringToNewUTF8(value);
  try {
    return api._sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
  } finally {
    api._free(text);
  }
}

/** Bytes up to which a loop costs less than a view of them. */
const SHORT_BYTES = 64;

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

class CurrentRow implements RawRow {
  readonly #api: StatementApi;
  readonly #memory: WebAssembly.Memory;
  readonly #statement: number;
  #heap: Uint8Array;

  constructor(api: StatementApi, memory: WebAssembly.Memory, statement: number) {
    this.#api = api;
    this.#memory = memory;
    this.#statement = statement;
    this.#heap = new Uint8Array(memory.buffer);
  }

  type(column: number): number {
    return this.#api._sqlite3_column_type(this.#statement, column);
  }

  number(column: number): number {
    return this.#api._sqlite3_column_double(this.#statement, column);
  }

  integer(column: number): number | bigint {
    const rounded = this.number(column);
    return Number.isSafeInteger(rounded) ? rounded : BigInt(this.text(column));
  }

  text(column: number): string {
    return DECODER.decode(this.#range(this.#api._sqlite3_column_text(this.#statement, column), column));
  }

  bytes(column: number): Uint8Array {
    // The pointer comes first: asking for it may change the length.
    return this.#range(this.#api._sqlite3_column_blob(this.#statement, column), column);
  }

  copyTo(column: number, target: Uint8Array, start: number): number {
    const pointer = this.#api._sqlite3_column_blob(this.#statement, column);
    const length = this.#api._sqlite3_column_bytes(this.#statement, column);
    if (start + length > target.length) return length;
    const heap = this.#currentHeap();
    if (length > SHORT_BYTES) target.set(heap.subarray(pointer, pointer + length), start);
    else for (let index = 0; index < length; index++) target[start + index] = heap[pointer + index] ?? 0;
    return length;
  }

  hasSameBytes(column: number, other: number): boolean {
    const pointer = this.#api._sqlite3_column_blob(this.#statement, column);
    const length = this.#api._sqlite3_column_bytes(this.#statement, column);
    const otherPointer = this.#api._sqlite3_column_blob(this.#statement, other);
    if (this.#api._sqlite3_column_bytes(this.#statement, other) !== length) return false;
    const heap = this.#currentHeap();
    for (let index = 0; index < length; index++) {
      if (heap[pointer + index] !== heap[otherPointer + index]) return false;
    }
    return true;
  }

  #range(pointer: number, column: number): Uint8Array {
    const length = this.#api._sqlite3_column_bytes(this.#statement, column);
    return this.#currentHeap().subarray(pointer, pointer + length);
  }

  /** The memory may have grown, and its buffer is another one then. */
  #currentHeap(): Uint8Array {
    if (this.#heap.buffer !== this.#memory.buffer) this.#heap = new Uint8Array(this.#memory.buffer);
    return this.#heap;
  }
}

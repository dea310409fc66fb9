/** The part of an import that needs no database: it makes complete rows of bytes, or says why there is none. */
import type { ExportFormat, TableName } from '../api/persistence.ts';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import { tableNamed } from '../tables/index.ts';
import { redactedReceiptId } from '../tables/redaction.ts';
import { rowProblem, valuesOf, type AnyTable } from '../tables/table.ts';
import { LineSplitter, type Line } from './lines.ts';
import { rowParser, type ParsedRow, type RowParser } from './parsed-rows.ts';

/** What the reading of an input depends on; data that crosses between threads. */
export interface ReadSettings {
  /** Method that reads, for errors. */
  readonly operation: string;
  readonly table: TableName;
  readonly format: ExportFormat;
  readonly noHeader: boolean;
  readonly acceptInvalid: boolean;
  /** True to tell which columns each row was given. */
  readonly keepsGiven: boolean;
}

interface ReadRow {
  /** Number of the line where the row begins; the first line is 1. */
  readonly line: number;
  /** Characters of the input after the row before, up to the end of this one. */
  readonly characters: number;
}

/** A row to insert. */
export interface NewRow extends ReadRow {
  /** All values, in the order of the table. */
  readonly values: readonly SqlValue[];
  /** Columns whose values the input has, where they are kept. */
  readonly given: readonly string[] | undefined;
  /** Id of a receipt that comes redacted. */
  readonly redactedId: string | undefined;
  /** True where a column may keep another value than the one given, as a text of digits in a column of numbers. */
  readonly mayBeConverted: boolean;
  /** The hash that the change log is to have; computed when it is needed where it is left out. */
  leaf?: Uint8Array;
}

/** The reason why a row is refused. */
export interface UnusableRow extends ReadRow {
  readonly reason: string;
}

/** A row to insert, or the reason why it is refused. */
export type PreparedRow = NewRow | UnusableRow;

/** A {@link RowReader} in another thread. */
export interface ReaderThread {
  /**
   * Returns the rows that end in a piece.
   * @param piece - undefined at the end of the input
   * @param now - in this program's form
   * @throws {PersistenceError} INVALID_ARGUMENT for a line that is too long
   */
  read(piece: Uint8Array | undefined, now: string): Promise<readonly PreparedRow[]>;
  /** Ends the thread, whatever it does. */
  end(): Promise<void>;
}

/** Size of a hash. */
export const LEAF_BYTES = 32;

/** Rows as they cross between threads. */
export interface SentRows {
  readonly rows: readonly PreparedRow[];
  /** Room for the hash of each row, one after the other: an array for each costs more than what it holds. */
  readonly leaves: Uint8Array;
  /** Which values are {@link TextBytes}: copies are of no class. */
  readonly textBytes: readonly (readonly [row: number, column: number])[];
}

/** Makes rows of the bytes of one input, which arrive in pieces. */
export class RowReader {
  readonly #settings: ReadSettings;
  readonly #table: AnyTable;
  readonly #fields: ReadonlyMap<string, string>;
  readonly #splitter: LineSplitter;
  readonly #parser: RowParser;
  #characters = 0;

  constructor(settings: ReadSettings) {
    this.#settings = settings;
    this.#table = tableNamed(settings.table);
    this.#fields = new Map(this.#table.columns.map(({ column, field }) => [column, field]));
    this.#splitter = new LineSplitter(settings.operation);
    this.#parser = rowParser(settings.format, this.#table, settings.noHeader);
  }

  /** See {@link ReaderThread.read}. */
  read(piece: Uint8Array | undefined, now: string): PreparedRow[] {
    if (piece !== undefined) return this.#rowsOf(this.#splitter.split(piece), now);
    const rows = this.#rowsOf(this.#splitter.end(), now);
    const last = this.#parser.end();
    if (last !== undefined) rows.push(this.#prepare(last, now));
    return rows;
  }

  #rowsOf(lines: readonly Line[], now: string): PreparedRow[] {
    const rows: PreparedRow[] = [];
    for (const line of lines) {
      const row = this.#parser.parse(line);
      this.#characters += line.text.length;
      if (row !== undefined) rows.push(this.#prepare(row, now));
    }
    return rows;
  }

  /** Checks a row, and adds what it leaves out. */
  #prepare(parsed: ParsedRow, now: string): PreparedRow {
    const { line } = parsed;
    const characters = this.#characters;
    this.#characters = 0;
    if ('reason' in parsed) return { line, characters, reason: parsed.reason };
    const row: Record<string, SqlValue> = {};
    const given = Object.keys(parsed.values);
    for (const column of given) {
      const value = parsed.values[column];
      const field = this.#fields.get(column);
      if (field === undefined) {
        return { line, characters, reason: `${this.#table.name} has no column ${JSON.stringify(column)}` };
      }
      if (!isSqlValue(value)) {
        const reason = `${column} is ${typeof value === 'boolean' ? 'true or false' : 'JSON'}, not a text that holds it`;
        return { line, characters, reason };
      }
      // It has no UTF-8 form, so SQLite would store another text in its place.
      if (typeof value === 'string' && !value.isWellFormed()) {
        return { line, characters, reason: `${column} has a lone surrogate, not well-formed Unicode` };
      }
      row[field] = value;
    }
    const completed = this.#table.complete(row, now);
    const redactedId = redactedReceiptId(this.#table, completed);
    const problem = redactedId === undefined ? rowProblem(this.#table, completed, false) : undefined;
    if (problem !== undefined && !this.#settings.acceptInvalid) return { line, characters, reason: problem };
    return {
      line,
      characters,
      values: valuesOf(this.#table, completed),
      given: this.#settings.keepsGiven ? given : undefined,
      redactedId,
      // A row that was checked has values of the kinds that its columns keep.
      mayBeConverted: problem !== undefined || redactedId !== undefined,
    };
  }
}

function isSqlValue(value: unknown): value is SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return true;
  return typeof value === 'bigint' || value instanceof Uint8Array;
}

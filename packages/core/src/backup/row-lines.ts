import { parseJsonRow } from '../exports/json-values.ts';
import { invalidBackup } from './manifest.ts';

/** Longest row that is read: just below the longest string of JavaScript engines. A longer row cannot be written. */
const MAX_ROW_CHARS = 500_000_000;

/**
 * Reads the rows of a JSON array with one row per line, without holding the whole file. Backups and `sqlite3 -json` write
 * this format. A JSON string cannot contain a line break, so a line always holds a whole row.
 * @param maxRowChars - longest row, in UTF-16 code units
 * @returns the rows of each chunk
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export async function* readRowLines(
  chunks: AsyncIterable<Uint8Array>,
  fileName: string,
  maxRowChars: number = MAX_ROW_CHARS,
): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const parser = new RowLineParser(fileName);
  const unfinished = new UnfinishedLine(fileName, maxRowChars);
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
    const last = others.pop();
    unfinished.add(first);
    if (last === undefined) continue;
    yield [unfinished.take(), ...others].flatMap((line) => parser.parse(line));
    unfinished.add(last);
  }
  unfinished.add(decoder.decode());
  yield parser.parse(unfinished.take());
  parser.end();
}

/**
 * An incomplete line, kept in pieces. Joining it at every piece would take time in the square of its length.
 */
class UnfinishedLine {
  readonly #fileName: string;
  readonly #maxChars: number;
  #pieces: string[] = [];
  #lengthChars = 0;

  constructor(fileName: string, maxChars: number) {
    this.#fileName = fileName;
    this.#maxChars = maxChars;
  }

  add(piece: string): void {
    this.#lengthChars += piece.length;
    if (this.#lengthChars > this.#maxChars) {
      throw invalidBackup(`${this.#fileName} has a row of more than ${this.#maxChars} characters`);
    }
    this.#pieces.push(piece);
  }

  take(): string {
    const line = this.#pieces.join('');
    this.#pieces = [];
    this.#lengthChars = 0;
    return line;
  }
}

class RowLineParser {
  readonly #fileName: string;
  #state: 'before' | 'inside' | 'after' = 'before';

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  /** Parses a line. @returns its row, or nothing if it holds none */
  parse(line: string): unknown[] {
    let text = line.trim();
    if (text === '') return [];
    if (this.#state === 'after') throw this.#invalid('it continues after its end');
    if (this.#state === 'before') {
      if (!text.startsWith('[')) throw this.#invalid('it does not begin with [');
      text = text.slice(1);
      this.#state = 'inside';
    }
    const ends = text.endsWith(']');
    if (ends) this.#state = 'after';
    if (ends || text.endsWith(',')) text = text.slice(0, -1);
    if (text === '') return [];
    try {
      return [parseJsonRow(text)];
    } catch {
      // The message of the JSON parser may quote the row, so it is left out.
      throw this.#invalid('one of its lines is not one JSON row');
    }
  }

  end(): void {
    if (this.#state !== 'after') throw this.#invalid('it does not end with ]');
  }

  #invalid(reason: string): Error {
    return invalidBackup(`${this.#fileName} is not a list of rows: ${reason}`);
  }
}

import { invalidBackup } from './manifest.ts';

/** Just below the longest string that JavaScript engines make; a longer row could not have been written either. */
const MAX_ROW_CHARS = 500_000_000;

/**
 * Reads the rows of a JSON array that has a row a line, as backups are written (and as `sqlite3 -json` writes), without
 * ever holding the whole. A line break cannot be part of a JSON string, so every line is complete.
 * @returns the rows of each chunk
 * @throws PersistenceError `BACKUP_INVALID`
 */
export async function* readRowLines(
  chunks: AsyncIterable<Uint8Array>,
  fileName: string,
): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const parser = new RowLineParser(fileName);
  const unfinished = new UnfinishedLine(fileName);
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

/** A line that has not ended yet, in pieces: joined at every piece, a long one would take the square of its length. */
class UnfinishedLine {
  readonly #fileName: string;
  #pieces: string[] = [];
  #lengthChars = 0;

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  add(piece: string): void {
    this.#lengthChars += piece.length;
    if (this.#lengthChars > MAX_ROW_CHARS) {
      throw invalidBackup(`${this.#fileName} has a row of more than ${MAX_ROW_CHARS} characters`);
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

  /** @returns the line's row, if it holds one */
  parse(line: string): unknown[] {
    let text = line.trim();
    if (text === '') return [];
    if (this.#state === 'after') throw this.#invalid('it goes on after its end');
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
      return [JSON.parse(text)];
    } catch {
      // The parser's own words may quote the row.
      throw this.#invalid('a line of it is not one JSON row');
    }
  }

  end(): void {
    if (this.#state !== 'after') throw this.#invalid('it does not end with ]');
  }

  #invalid(reason: string): Error {
    return invalidBackup(`${this.#fileName} is no list of rows: ${reason}`);
  }
}

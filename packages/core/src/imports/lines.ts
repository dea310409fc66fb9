import { PersistenceError } from '../api/errors.ts';

/** Longest line that is read. Longer strings are beyond some engines. */
const MAX_LINE_BYTES = 500_000_000;

const LINE_FEED = 10;

/** A line of an input, without its line feed. */
export interface Line {
  /** The first line is 1. */
  readonly number: number;
  /** What is not UTF-8 is U+FFFD. */
  readonly text: string;
  readonly isUtf8: boolean;
}

/** Splits bytes that arrive in pieces into lines. */
export class LineSplitter {
  readonly #operation: string;
  #number = 0;
  /** Copies of the bytes of a line that has not ended. */
  #unfinished: Uint8Array[] = [];
  #unfinishedBytes = 0;

  /** @param operation - method that reads, for errors */
  constructor(operation: string) {
    this.#operation = operation;
  }

  /**
   * Returns the lines that end in a piece.
   * @throws {PersistenceError} INVALID_ARGUMENT for a line that is too long
   */
  split(piece: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, start)) {
      lines.push(this.#take(piece.subarray(start, end)));
      start = end + 1;
    }
    if (start < piece.length) {
      this.#unfinished.push(piece.slice(start));
      this.#unfinishedBytes += piece.length - start;
    }
    if (this.#unfinishedBytes > MAX_LINE_BYTES) {
      const reason = `Line ${this.#number + 1} of the input has more than ${MAX_LINE_BYTES} bytes`;
      throw new PersistenceError('INVALID_ARGUMENT', reason, { operation: this.#operation });
    }
    return lines;
  }

  /** Returns the line that the input ended in, if it did. */
  end(): Line[] {
    return this.#unfinished.length > 0 ? [this.#take(new Uint8Array())] : [];
  }

  #take(last: Uint8Array): Line {
    const bytes = this.#unfinished.length === 0 ? last : concatenated([...this.#unfinished, last]);
    this.#unfinished = [];
    this.#unfinishedBytes = 0;
    return { number: ++this.#number, ...textOf(bytes) };
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TOLERANT_DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

function textOf(bytes: Uint8Array): Omit<Line, 'number'> {
  try {
    return { text: DECODER.decode(bytes), isUtf8: true };
  } catch {
    return { text: TOLERANT_DECODER.decode(bytes), isUtf8: false };
  }
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    bytes.set(piece, position);
    position += piece.length;
  }
  return bytes;
}

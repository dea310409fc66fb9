import { PersistenceError } from '../api/errors.ts';

/** Longest line that is read. Longer strings are beyond some engines. */
const MAX_LINE_BYTES = 500_000_000;

const LINE_FEED = 10;

/** A line of an input, without its line feed. */
export interface Line {
  /** The first line is 1. */
  readonly number: number;
  /** Undefined for bytes that are not UTF-8. */
  readonly text: string | undefined;
}

/** Splits bytes into lines. @returns the lines that end in each chunk */
export async function* readLines(
  operation: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Line[]> {
  let number = 0;
  let unfinished: Uint8Array[] = [];
  let unfinishedBytes = 0;
  const take = (last: Uint8Array): Line => {
    const bytes = unfinished.length === 0 ? last : concatenated([...unfinished, last]);
    unfinished = [];
    unfinishedBytes = 0;
    return { number: ++number, text: textOf(bytes) };
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(take(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) {
      unfinished.push(chunk.slice(start));
      unfinishedBytes += chunk.length - start;
    }
    if (unfinishedBytes > MAX_LINE_BYTES) {
      const reason = `Line ${number + 1} of the input has more than ${MAX_LINE_BYTES} bytes`;
      throw new PersistenceError('INVALID_ARGUMENT', reason, { operation });
    }
    if (lines.length > 0) yield lines;
  }
  if (unfinished.length > 0) yield [take(new Uint8Array())];
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
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

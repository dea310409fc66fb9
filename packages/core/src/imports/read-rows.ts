/** The rows of an input, piece by piece. */
import { startReader } from '#imports/reader-thread';
import { RowReader, type PreparedRow, type ReadSettings, type ReaderThread } from './row-reader.ts';

/** Size of the beginning of an input that is read before another thread is started. */
const START_BYTES = 1024 * 1024;

/** Bytes of the input that are read ahead: the rows of some batches. */
const AHEAD_BYTES = 4 * 1024 * 1024;

/**
 * Reads the rows of an input. Those of a long one are read ahead in another thread, where one can be had, while the caller
 * stores the rows before.
 * @param now - tells the time, in this program's form
 * @throws what the input fails with, after the rows before
 */
export async function* readRows(
  pieces: AsyncGenerator<Uint8Array>,
  settings: ReadSettings,
  now: () => string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly PreparedRow[]> {
  const reader = new RowReader(settings);
  let thread: ReaderThread | undefined;
  try {
    const start: Uint8Array[] = [];
    for (let bytes = 0; bytes < START_BYTES;) {
      const { done, value: piece } = await pieces.next();
      yield reader.read(done ? undefined : piece, now());
      if (done) return;
      start.push(piece);
      bytes += piece.length;
    }
    thread = await startReader(settings, signal);
    if (thread === undefined) {
      for await (const piece of pieces) yield reader.read(piece, now());
      yield reader.read(undefined, now());
      return;
    }
    // The thread goes on where this one ends: within a line, or a record of several.
    for (const piece of start) await thread.read(piece, now());
    const ahead = readAhead(pieces, thread, now).getReader();
    for (let next = await ahead.read(); !next.done; next = await ahead.read()) yield await next.value.rows;
  } finally {
    await thread?.end();
    // Not waited for: the input may stall until the caller of this function ends it.
    pieces.return(undefined).catch(() => undefined);
  }
}

/** What a piece of the input has become. */
interface Ahead {
  readonly bytes: number;
  readonly rows: Promise<readonly PreparedRow[]>;
}

function readAhead(
  pieces: AsyncGenerator<Uint8Array>,
  thread: ReaderThread,
  now: () => string,
): ReadableStream<Ahead> {
  const pull = async (controller: ReadableStreamDefaultController<Ahead>): Promise<void> => {
    const add = (bytes: number, rows: Promise<readonly PreparedRow[]>): void => {
      // A failure is reported once the rows before are read.
      rows.catch(() => undefined);
      controller.enqueue({ bytes, rows });
    };
    try {
      const { done, value: piece } = await pieces.next();
      if (done) {
        add(0, thread.read(undefined, now()));
        controller.close();
      } else add(piece.length, thread.read(piece, now()));
    } catch (error) {
      add(0, Promise.reject(error));
      controller.close();
    }
  };
  return new ReadableStream<Ahead>(
    { pull },
    { highWaterMark: AHEAD_BYTES, size: (piece) => piece?.bytes ?? 0 },
  );
}

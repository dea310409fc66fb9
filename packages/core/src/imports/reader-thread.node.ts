import type { SqlValue } from '../engine/sqlite-connection.ts';
import type { Thread } from '../protocol/thread.node.ts';
import { TextBytes } from '../tables/stored-bytes.ts';
import { untilAborted } from '../validation/abort.ts';
import type { ReaderService } from './reader-worker.node.ts';
import {
  LEAF_BYTES,
  type NewRow,
  type PreparedRow,
  type ReadSettings,
  type ReaderThread,
  type SentRows,
} from './row-reader.ts';

/**
 * Starts a thread that reads the rows of an import while this one stores those before them, and computes their hashes.
 * @returns undefined where no thread can be had
 */
export async function startReader(
  settings: ReadSettings,
  signal: AbortSignal | undefined,
): Promise<ReaderThread | undefined> {
  const { Thread: ServiceThread } = await import('../protocol/thread.node.ts');
  const { operation } = settings;
  let thread: Thread<ReaderService> | undefined;
  try {
    thread = new ServiceThread(new URL('./reader-worker.node.ts', import.meta.url), 'reads the input');
    const { client } = thread;
    await untilAborted(
      client.call(operation, (service) => service.open(settings)),
      signal,
    );
    return {
      read: async (piece, now) =>
        received(await client.call(operation, (service) => service.read(piece, now))),
      end: async () => thread?.end(),
    };
  } catch {
    await thread?.end();
    signal?.throwIfAborted();
    // No file of the worker, as in a bundle, or no right to start it: the caller reads in its own thread.
    return undefined;
  }
}

/** Gives rows what a copy between threads leaves out. */
function received({ rows, leaves, textBytes }: SentRows): readonly PreparedRow[] {
  for (const [row, column] of textBytes) {
    const { values } = rows[row] as NewRow;
    (values as SqlValue[])[column] = new TextBytes(values[column] as Uint8Array);
  }
  for (const [index, row] of rows.entries()) {
    if ('reason' in row) continue;
    row.leaf = leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
  }
  return rows;
}

import { openPersistence, type Stats, type VerifyReport } from '@ggen-sim/core';
import { formatBytes, formatCount } from '../components/format.ts';

/** Row counts and verification of a database file. */
export interface ImageReport {
  readonly stats: Stats;
  readonly verification: VerifyReport;
  /** Tables of other programs in the file. */
  readonly otherTables: readonly string[];
}

/** What to do while a file is read or inspected. */
export interface InspectionOptions {
  /** Called with what is being done and how far it is, for the user. */
  readonly onProgress: (text: string) => void;
  /** Ends it. The promise then rejects with the reason, and what is left of the work is dropped. */
  readonly signal: AbortSignal;
}

/**
 * Reads a whole file, part by part.
 *
 * @throws DOMException for a file that is gone, or changed while it is read
 */
export async function readImage(file: File, { onProgress, signal }: InspectionOptions): Promise<Uint8Array> {
  const image = new Uint8Array(file.size);
  let readBytes = 0;
  const reader = file.stream().getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      signal.throwIfAborted();
      image.set(part.value, readBytes);
      readBytes += part.value.length;
      onProgress(`Reading: ${formatBytes(readBytes)} of ${formatBytes(file.size)}`);
    }
  } finally {
    await reader.cancel();
  }
  return image;
}

/**
 * Opens a file's bytes in memory, apart from the stored database, and verifies them. A file without any table of this
 * program is refused, because importing it would only delete what is stored.
 *
 * @throws {PersistenceError} NOT_A_DATABASE, CORRUPT, NEWER_SCHEMA or SCHEMA_MISMATCH
 */
export async function inspectImage(
  image: Uint8Array,
  { onProgress, signal }: InspectionOptions,
): Promise<ImageReport> {
  onProgress('Opening');
  const trial = await openPersistence({ storage: 'memory' });
  const inspect = async (): Promise<ImageReport> => {
    try {
      await trial.importImage(image);
      signal.throwIfAborted();
      const { otherTables } = await trial.info();
      const stats = await trial.stats();
      const verification = await trial.verify({
        signal,
        onProgress: ({ stage, done, total, unit }) => {
          const of = total === undefined ? '' : ` of ${formatCount(total)}`;
          if (!signal.aborted) onProgress(`Checking ${stage}: ${formatCount(done)}${of} ${unit}`);
        },
      });
      return { stats, verification, otherTables };
    } finally {
      await trial.close();
    }
  };
  const inspecting = inspect();
  return Promise.race([inspecting, rejectionOn(signal, inspecting)]);
}

/** Rejects once a signal is aborted, unless the work has ended before. */
function rejectionOn(signal: AbortSignal, work: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    work.catch(() => undefined).finally(() => signal.removeEventListener('abort', abort));
  });
}

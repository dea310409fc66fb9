import type { Storage } from './contract/storage.ts';
import { VfsError } from './errors.ts';

/** The bytes that are looked at: the first page of an encrypted database. */
const SAMPLE_BYTES = 4096;
/** A value stands about 16 times in as many random bytes. These limits are passed once in a million pages. */
const MAX_MISSING_VALUES = 3;
const MAX_COUNT = 48;

/**
 * Refuses a file that seems to be encrypted, before SQLite would take its journal for a damaged one and discard it.
 * @throws VfsError `KEY_REQUIRED`
 */
export function assertNotEncrypted(storage: Storage): void {
  const file = storage.open('main', { create: false, exclusive: false, readOnly: true });
  try {
    const sample = new Uint8Array(SAMPLE_BYTES);
    if (file.read(sample, 0) < SAMPLE_BYTES || !looksRandom(sample)) return;
  } finally {
    file.close();
  }
  throw new VfsError('KEY_REQUIRED', `${storage.name} is encrypted, or is not a database`, {
    hint: 'Open it with its key. It is unchanged.',
  });
}

/**
 * True for a file that may be an encrypted database: whole pages, and no byte of the first one tells anything. Of compressed
 * files of whole pages the same is true, which are one in 4096.
 * @param start - the first page of the file, or more
 */
export function mayBeEncrypted(start: Uint8Array, sizeBytes: number): boolean {
  const sample = start.subarray(0, SAMPLE_BYTES);
  return sample.length === SAMPLE_BYTES && sizeBytes % SAMPLE_BYTES === 0 && looksRandom(sample);
}

/** True for bytes as a cipher makes them. */
function looksRandom(sample: Uint8Array): boolean {
  const counts = new Uint16Array(256);
  for (const byte of sample) counts[byte] = (counts[byte] as number) + 1;
  const missingValues = counts.filter((count) => count === 0).length;
  return missingValues <= MAX_MISSING_VALUES && Math.max(...counts) <= MAX_COUNT;
}

import { systemError } from './system-error.ts';

/** Largest part of one system call. Those of `node:fs` refuse 2^31 bytes and more. */
const MAX_CALL_BYTES = 2 ** 30;

/** Reads or writes bytes of a range from `start` on. @returns their number, which may be less than asked for */
type Transfer = (start: number, lengthBytes: number) => number;

/**
 * Reads a range of any size.
 * @returns the number of bytes read: less than `sizeBytes` only at the end of the file
 */
export function readWholeRange(sizeBytes: number, read: Transfer): number {
  return transferWholeRange(sizeBytes, read);
}

/**
 * Writes a range of any size.
 * @throws an error with code `EIO` when a call writes nothing
 */
export function writeWholeRange(sizeBytes: number, write: Transfer): void {
  if (transferWholeRange(sizeBytes, write) < sizeBytes) throw systemError('EIO', 'nothing was written');
}

function transferWholeRange(sizeBytes: number, transfer: Transfer): number {
  let doneBytes = 0;
  while (doneBytes < sizeBytes) {
    const count = transfer(doneBytes, Math.min(sizeBytes - doneBytes, MAX_CALL_BYTES));
    if (count === 0) break;
    doneBytes += count;
  }
  return doneBytes;
}

/** Hashes of the files that an agent has written, as they are on the disk now. */
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../recording/hook-event.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 1000;
/** Bytes that are read for one receipt, so that storing events takes seconds at most. */
const MAX_TOTAL_BYTES = 512 * 1024 * 1024;

/** A file, with null for one that is gone, is no regular file, or is too large to be read, alone or after those before it. */
export interface HashedFile {
  readonly path: string;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
}

/**
 * Hashes files. A relative path begins at the folder. Only the hash of a content is returned.
 * @param maxTotalBytes - of the files together. A file that does not fit is left out, and smaller ones after it are not
 */
export function hashFiles(
  paths: readonly string[],
  folder: string,
  maxTotalBytes: number = MAX_TOTAL_BYTES,
): HashedFile[] {
  let leftBytes = maxTotalBytes;
  return paths.slice(0, MAX_FILES).map((file) => {
    const result = hashed(file, path.resolve(folder, file), Math.min(leftBytes, MAX_FILE_BYTES));
    leftBytes -= result.size_bytes ?? 0;
    return result;
  });
}

function hashed(given: string, file: string, maxBytes: number): HashedFile {
  const unknown = { path: given, sha256: null, size_bytes: null };
  try {
    // Opened without waiting: a named pipe that nobody writes to would keep this process for ever.
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    const descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK);
    try {
      const status = fs.fstatSync(descriptor);
      if (!status.isFile() || status.size > maxBytes) return unknown;
      const content = fs.readFileSync(descriptor);
      return { path: given, sha256: sha256(content), size_bytes: content.length };
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return unknown;
  }
}

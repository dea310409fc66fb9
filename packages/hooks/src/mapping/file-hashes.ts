/** Hashes of the files that an agent has written, as they are on the disk now. */
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../recording/hook-event.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 1000;

/** A file, with null for one that is gone, is no regular file, or is too large to be read. */
export interface HashedFile {
  readonly path: string;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
}

/** Hashes files. A relative path begins at the folder. Only the hash of a content is returned. */
export function hashFiles(paths: readonly string[], folder: string): HashedFile[] {
  return paths.slice(0, MAX_FILES).map((file) => hashed(file, path.resolve(folder, file)));
}

function hashed(given: string, file: string): HashedFile {
  const unknown = { path: given, sha256: null, size_bytes: null };
  try {
    // Opened without waiting: a named pipe that nobody writes to would keep this process for ever.
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    const descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK);
    try {
      const status = fs.fstatSync(descriptor);
      if (!status.isFile() || status.size > MAX_FILE_BYTES) return unknown;
      const content = fs.readFileSync(descriptor);
      return { path: given, sha256: sha256(content), size_bytes: content.length };
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return unknown;
  }
}

/** Files with secrets. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { ServeError } from '../errors.ts';

const OTHERS = 0o077;

/**
 * Reads a file that nobody else may read; undefined where there is none.
 * @param refused - makes the error for a file that cannot be used
 */
export function readPrivate(
  file: string,
  refused: (file: string, reason: string, cause?: unknown) => ServeError,
): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refused(file, (cause as Error).message, cause);
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw refused(file, 'it is no regular file');
    if (process.platform !== 'win32' && (status.mode & OTHERS) !== 0) {
      throw refused(
        file,
        "others can read it; make it yours alone with 'chmod 600', and replace what is in it",
      );
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

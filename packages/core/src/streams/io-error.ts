import { PersistenceError } from '../api/errors.ts';

/** A failure of the stream itself, not of the source of the bytes written to it. */
export class StreamFailure extends Error {
  override readonly name = 'StreamFailure';

  constructor(cause: unknown) {
    super('The stream failed', { cause });
  }
}

/**
 * Maps an error of a file or a stream to a `PersistenceError`. Returns a `PersistenceError` unchanged.
 * @param target - path or description of the file or stream, for the message
 */
export function toIoError(cause: unknown, operation: string, target: string): PersistenceError {
  if (cause instanceof PersistenceError) return cause;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new PersistenceError('DISK_FULL', `No room left for ${target}`, {
      operation,
      cause,
      hint: 'Free some space, or choose another folder.',
    });
  }
  const verb = operation === 'restoreBackup' ? 'read' : 'write';
  return new PersistenceError('IO_ERROR', `Cannot ${verb} ${target} (${systemReason(cause)})`, {
    operation,
    cause,
  });
}

/** Messages of Node's file system: `ENOTDIR: not a directory, open '/a/b'`. */
const SYSTEM_MESSAGE = /^(E[A-Z\d]+): ([^,]+), \w+/;

/** Words for what the system's own describe as an operation. */
const PLAIN_REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
};

/** Describes an error of a file in plain words, without its code, the name of the call and the path. */
export function systemReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, code = '', words] = SYSTEM_MESSAGE.exec(message) ?? [];
  return PLAIN_REASONS[code] ?? words ?? message;
}

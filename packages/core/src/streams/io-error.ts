import { plainReason } from '@ggen-sim/sqljs-vfs/internal';
import { PersistenceError } from '../api/errors.ts';

/** A failure of the stream itself, not of the source of the bytes written to it. */
export class StreamFailure extends Error {
  override readonly name = 'StreamFailure';

  constructor(cause: unknown) {
    super('The stream failed', { cause });
  }
}

/** Operations that read the files or streams of their caller. */
const READERS: ReadonlySet<string> = new Set(['restoreBackup', 'importRows', 'importImage', 'inspectImage']);

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
  const verb = READERS.has(operation) ? 'read' : 'write';
  return new PersistenceError('IO_ERROR', `Cannot ${verb} ${target} (${plainReason(cause)})`, {
    operation,
    cause,
  });
}

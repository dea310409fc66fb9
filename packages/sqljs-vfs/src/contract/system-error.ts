/** Codes of the operating system's errors that storages report (errno(3)). */
export type SystemErrorCode = 'EBADF' | 'EEXIST' | 'EIO' | 'EISDIR' | 'ELOOP' | 'ENOENT';

/** Makes an error as the operating system reports one: callers tell it by its `code`. */
export function systemError(code: SystemErrorCode, message: string): Error & { code: SystemErrorCode } {
  return Object.assign(new Error(message), { code });
}

/** @returns an error's `code` as the operating system gave it, or undefined */
export function systemErrorCodeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

/** Makes an error as operating systems report it, and as `storage.ts` promises: with a `code` such as `ENOENT`. */
export function systemError(code: 'EBADF' | 'EEXIST' | 'ENOENT', message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** A file with the token, for servers whose readers know it beforehand (Prometheus, other machines). */
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { isToken, newToken } from '../access/token.ts';
import { ServeError } from '../errors.ts';

const OTHERS = 0o077;

/** Reads the token in a file, or creates the file with a new one. @throws {ServeError} TOKEN_FILE_REFUSED */
export function tokenOfFile(file: string): string {
  return readToken(file) ?? createToken(file);
}

function createToken(file: string): string {
  const token = newToken();
  try {
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
    return token;
  } catch (cause) {
    throw refused(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function readToken(file: string): string | undefined {
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
      throw refused(file, "others can read it; make it yours alone with 'chmod 600', and use a new token");
    }
    const token = readFileSync(descriptor, 'utf8').trim();
    if (!isToken(token)) throw refused(file, 'a token is 32 to 512 characters of A-Z a-z 0-9 - . _ ~ + /');
    return token;
  } finally {
    closeSync(descriptor);
  }
}

function refused(file: string, reason: string, cause?: unknown): ServeError {
  return new ServeError('TOKEN_FILE_REFUSED', `The token file ${file} cannot be used: ${reason}`, { cause });
}

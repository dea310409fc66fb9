/** Files with tokens, for servers whose readers know them beforehand (Prometheus, other machines). */
import { writeFileSync } from 'node:fs';
import { isToken, newToken, type ScopedToken } from '../access/token.ts';
import { ServeError } from '../errors.ts';
import { readPrivate } from './private-file.ts';

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
  const token = readPrivate(file, refused)?.trim();
  if (token === undefined || isToken(token)) return token;
  throw refused(file, IS_NO_TOKEN);
}

/**
 * Reads a file of tokens that are enough for some routes only. A line is the scopes, separated by commas, the token, and
 * anything after it (`push,pull TOKEN laptop of Ada`); empty lines and those that begin with `#` are passed over. The scopes may
 * be followed by a tenant: `push,pull@acme TOKEN laptop of Ada`.
 * @param known - scopes that there are
 * @param isTenant - true for the name of a tenant; without it, no token has one
 * @throws {ServeError} TOKEN_FILE_REFUSED, with the number of the line; also for a token on two lines
 */
export function scopedTokensOfFile(
  file: string,
  known: readonly string[],
  isTenant: (name: string) => boolean = () => false,
): ScopedToken[] {
  const text = readPrivate(file, refused);
  if (text === undefined) throw refused(file, 'it does not exist');
  const lineOfToken = new Map<string, number>();
  const tokens = text.split(/\r?\n/).flatMap((line, index) => {
    const [beginning = '', token = ''] = line.trim().split(/\s+/);
    if (beginning === '' || beginning.startsWith('#')) return [];
    const at = `line ${index + 1}: `;
    const [scopes = '', tenant, ...more] = beginning.split('@');
    const named = scopes.split(',');
    if (!named.every((scope) => known.includes(scope)))
      throw refused(file, `${at}it begins with ${known.join(', ')}, or several with commas between them`);
    if (tenant !== undefined && (more.length > 0 || !isTenant(tenant)))
      throw refused(file, `${at}what is after the @ is no name of a tenant`);
    if (!isToken(token)) throw refused(file, `${at}${IS_NO_TOKEN}`);
    // Of two lines with one token, only one could say what it is enough for.
    const earlier = lineOfToken.get(token);
    if (earlier !== undefined) throw refused(file, `${at}its token is that of line ${earlier}`);
    lineOfToken.set(token, index + 1);
    return [{ token, scopes: named, ...(tenant !== undefined && { tenant }) }];
  });
  if (tokens.length === 0) throw refused(file, 'it has no token');
  return tokens;
}

const IS_NO_TOKEN = 'a token is 32 to 512 characters of A-Z a-z 0-9 - . _ ~ + /';

function refused(file: string, reason: string, cause?: unknown): ServeError {
  return new ServeError('TOKEN_FILE_REFUSED', `The token file ${file} cannot be used: ${reason}`, { cause });
}

/**
 * Check that arguments, variables and the current directory are UTF-8. Node decodes every other byte to U+FFFD, so that
 * a path would name another file, and a text would be stored as another text. Linux has the bytes in `/proc`. Elsewhere
 * nobody can tell, and nothing is refused.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync, readlinkSync } from 'node:fs';
import { UsageError } from './failures.ts';

/** The character that stands for undecodable bytes. It may also have been typed as such. */
const REPLACEMENT = '\uFFFD';

const HINT = 'Nothing was done. Convert it, for instance with iconv';

/** Variables with paths (`locations.ts`). */
const PATH_VARIABLES = ['DB_PATH', 'DB_DIR', 'WORKSPACE_DIR', 'SCRIPT_DIR'];

/**
 * Refuses arguments that are not UTF-8.
 * @param words - the arguments after the program's name
 * @throws {UsageError} naming the argument by its number and showing it with U+FFFD
 */
export function refuseUndecodableArguments(words: readonly string[]): void {
  if (!words.some((word) => word.includes(REPLACEMENT))) return;
  const bytes = linesOf('/proc/self/cmdline').slice(-words.length);
  const wrong = bytes.findIndex((word) => !isUtf8(word));
  if (wrong >= 0) throw new UsageError(`Argument ${wrong + 1} is not UTF-8: '${words[wrong] ?? ''}'`, HINT);
}

/**
 * Refuses variables of the database's path, and a current directory, that are not UTF-8.
 * @throws {UsageError}
 */
export function refuseUndecodablePaths(environment: Readonly<Record<string, string | undefined>>): void {
  const suspects = PATH_VARIABLES.filter((name) => environment[name]?.includes(REPLACEMENT));
  if (suspects.length > 0) {
    const variables = linesOf('/proc/self/environ');
    for (const name of suspects) {
      const given = variables.find((variable) =>
        variable.subarray(0, name.length + 1).equals(Buffer.from(`${name}=`)),
      );
      if (given !== undefined && !isUtf8(given)) throw new UsageError(`${name} is not UTF-8`, HINT);
    }
  }
  if (process.cwd().includes(REPLACEMENT) && !isUtf8(currentDirectory())) {
    throw new UsageError(
      'The path of the current directory is not UTF-8',
      'Run the program in another directory',
    );
  }
}

/** Splits a file of `/proc` at its NUL bytes. Where there is none (macOS, Windows), it counts as empty. */
function linesOf(path: string): Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return [];
  }
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    lines.push(bytes.subarray(start, end < 0 ? undefined : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}

function currentDirectory(): Buffer {
  try {
    return readlinkSync('/proc/self/cwd', { encoding: 'buffer' });
  } catch {
    return Buffer.alloc(0);
  }
}

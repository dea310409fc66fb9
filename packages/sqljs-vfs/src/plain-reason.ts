/** Words of the system that need another to be understood without its code. */
const PLAIN_WORDS: Readonly<Record<string, string>> = {
  'illegal operation on a directory': 'it is a folder',
  'not a directory': 'a part of the path is not a folder',
};

/**
 * Returns the reason of a system's error in its words, without the code, the system call and the path that Node puts
 * around them (`ENOTDIR: not a directory, lstat '/a/b'`).
 */
export function plainReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const system = /^E[A-Z0-9]+: (?<words>.+?), [a-z_]+(?: '.*)?$/s.exec(message);
  const words = system?.groups?.['words'] ?? message;
  return PLAIN_WORDS[words] ?? words;
}

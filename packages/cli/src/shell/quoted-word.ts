/** Quotes a word so that a POSIX shell reads it literally. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Quotes a word of a command that is shown to be copied, only if it needs quotes. */
export function quotedIfNeeded(word: string): string {
  return /^[\w./:@%+,-]+$/u.test(word) ? word : quoted(word);
}

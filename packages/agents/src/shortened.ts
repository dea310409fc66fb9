/**
 * Shortens a text and marks the cut. No character is cut in half: the canonical JSON of findings (RFC 8785) refuses half
 * of a surrogate pair.
 *
 * @param maxLength - in UTF-16 code units, without the mark
 */
export function shortened(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, characterStart(text, maxLength))}…` : text;
}

/** Returns an index of a text, or the one before it if it lies within a character: between two surrogates. */
export function characterStart(text: string, index: number): number {
  return (text.codePointAt(index - 1) ?? 0) > 0xffff ? index - 1 : index;
}

/**
 * Makes text safe to print on a terminal, in one line. Control characters, invisible format characters (bidirectional
 * overrides among them) and line separators become escapes, so stored text cannot control the terminal or disguise
 * itself. The joiners that emoji and some scripts need are kept.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return (
      SHORT_ESCAPES[character] ??
      (codePoint < 0x100 ? `\\x${hex(codePoint, 2)}` : `\\u{${hex(codePoint, 4)}}`)
    );
  });
}

/**
 * Makes data safe to print on a terminal and keeps its layout. Line breaks and tabs are kept. Every other character that
 * `printable` escapes becomes a JSON escape, so JSON text still means the same.
 */
export function displayable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character, offset: number) => {
    const isLayout =
      character === '\n' || character === '\t' || (character === '\r' && text[offset + 1] === '\n');
    return isLayout ? character : jsonEscape(character);
  });
}

function jsonEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, unit) => `\\u${hex(character.charCodeAt(unit), 4)}`,
  ).join('');
}

const UNPRINTABLE = /(?![\u{200C}\u{200D}])[\p{Cc}\p{Cf}\p{Cs}\u{2028}\u{2029}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(codePoint: number, digits: number): string {
  return codePoint.toString(16).padStart(digits, '0');
}

/**
 * Text made safe to show on a terminal, in one line: control characters, invisible format characters (bidirectional
 * overrides among them) and line separators are written as escapes, so that stored text can neither drive the terminal
 * nor disguise itself. The joiners that emoji and some scripts need stay.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return (
      shortEscapes[character] ?? (codePoint < 0x100 ? `\\x${hex(codePoint, 2)}` : `\\u{${hex(codePoint, 4)}}`)
    );
  });
}

/**
 * Data made safe to show on a terminal as it is: line breaks and tabs stay, everything else that could drive the
 * terminal or disguise itself becomes an escape of JSON's, so that JSON stays the JSON it was.
 */
export function displayable(text: string): string {
  return text.replaceAll(unprintable, (character, offset: number) => {
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

const unprintable = /(?![\u{200C}\u{200D}])[\p{Cc}\p{Cf}\p{Cs}\u{2028}\u{2029}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(codePoint: number, digits: number): string {
  return codePoint.toString(16).padStart(digits, '0');
}

import { encodeJsonValue } from '@ggen-sim/core';

/**
 * Reads a column as text. Another program may have stored a BLOB or a number in it.
 * @returns the text; bytes in base64, as exports have them; an empty text for NULL
 */
export function textOf(stored: unknown): string {
  if (typeof stored === 'string') return stored;
  if (stored instanceof Uint8Array) return encodeJsonValue(stored);
  return typeof stored === 'number' || typeof stored === 'bigint' ? String(stored) : '';
}

/**
 * Makes invisible characters of stored text visible, as the command line does: controls, bidirectional overrides and
 * other format characters become JSON escapes, so that an id cannot pass for another one. The joiners that emoji and
 * some scripts need are kept.
 */
export function printable(stored: unknown): string {
  return textOf(stored).replaceAll(INVISIBLE, escape);
}

/** Makes invisible characters of JSON visible and keeps its lines. The text still means the same. */
export function printableJson(stored: unknown): string {
  return textOf(stored).replaceAll(INVISIBLE, (character) =>
    /[\n\r\t]/.test(character) ? character : escape(character),
  );
}

const INVISIBLE = /(?![\u{200C}\u{200D}])[\p{Cc}\p{Cf}\p{Cs}\u{2028}\u{2029}]/gu;

function escape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('');
}

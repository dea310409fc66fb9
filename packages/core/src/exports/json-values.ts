/**
 * Values of a database as JSON, exactly. JSON numbers have no limit, but JavaScript reads those beyond 2^53 as rounded;
 * JSON has no bytes at all. So integers are written and read digit by digit, a BLOB is `{"base64": "…"}`, and a text that is
 * not UTF-8 is `{"text": {"base64": "…"}}`. Infinity, which SQLite stores for `9e999`, is written like that.
 */
import { TextBytes } from '../tables/stored-bytes.ts';

/**
 * Writes one value of a row as JSON, exactly: integers beyond 2^53 digit by digit, bytes as `{"base64":"…"}`, those of a
 * {@link TextBytes} as `{"text":{"base64":"…"}}`, infinity as `9e999`.
 */
export function encodeJsonValue(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof TextBytes) return JSON.stringify({ text: { base64: toBase64(value) } });
  if (value instanceof Uint8Array) return JSON.stringify({ base64: toBase64(value) });
  if (value === Infinity || value === -Infinity) return value > 0 ? '9e999' : '-9e999';
  return JSON.stringify(value ?? null);
}

/**
 * Reads one row, as {@link encodeJsonValue} and `sqlite3 -json` write its values.
 * @throws SyntaxError if the text is not JSON
 */
export function parseJsonRow(text: string): unknown {
  const row: unknown = JSON.parse(text);
  if (typeof row !== 'object' || row === null) return row;
  // Most rows have nothing that JSON.parse rounds, and a look for long integers costs more than it does.
  if (!Array.isArray(row) && Object.values(row).every(isExact)) return row;
  return decodeRow(/\d{16}/.test(text) ? (JSON.parse(quoteLongIntegers(text)) as object) : row);
}

/** True for a value of a row that JSON.parse has read as it is written. */
function isExact(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && (typeof value !== 'number' || !isRounded(value)));
}

function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

function decodeRow(row: object): Record<string, unknown> {
  // An assignment would lose a column with the name `__proto__`, which is to be refused as any unknown one.
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, decodeValue(value)]));
}

/** Encodes bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  const PIECE_BYTES = 8192;
  let binary = '';
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(start, start + PIECE_BYTES));
  }
  return btoa(binary);
}

/** Decodes a value, and the values within a list: the rowids in an entry of the change log are pairs. */
function decodeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeValue);
  return typeof value === 'object' && value !== null ? decodeObject(value) : value;
}

function decodeObject(value: object): unknown {
  const [[form, content] = [], ...others] = Object.entries(value) as [string, unknown][];
  if (others.length > 0) return value;
  if (form === 'text' && typeof content === 'object' && content !== null) {
    const bytes = decodeObject(content);
    return bytes instanceof Uint8Array ? new TextBytes(bytes) : value;
  }
  if (typeof content !== 'string') return value;
  if (form === 'base64') return Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  if (form !== 'integer') return value;
  const exact = BigInt(content);
  // Beyond 64 bits SQLite has only floating-point numbers.
  const isNumber = Number.isSafeInteger(Number(exact)) || BigInt.asIntN(64, exact) !== exact;
  return isNumber ? Number(exact) : exact;
}

/** Puts long integers outside strings into `{"integer": "…"}`. Strings may be too long for a regular expression. */
function quoteLongIntegers(text: string): string {
  let quoted = '';
  let position = 0;
  while (position < text.length) {
    const start = text.indexOf('"', position);
    const outside = text.slice(position, start === -1 ? text.length : start);
    quoted += outside.replaceAll(/(?<=[:,[\s]|^)-?\d{16,}(?=[,}\]\s]|$)/g, '{"integer":"$&"}');
    if (start === -1) break;
    position = endOfString(text, start);
    quoted += text.slice(start, position);
  }
  return quoted;
}

/** Finds the position after a string that starts at a quotation mark. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** The key of the synchronisation, in the forms that the command line reads: `--sync-key-file` and `GGEN_SIM_SYNC_KEY`. */
import { downloadFile } from '../storage/download.ts';

const KEY_BYTES = 32;
const DIGITS = /^[0-9a-f]{64}$/u;

/** More than any file of a key has: 64 digits and a line end. */
const MAX_FILE_BYTES = 128;

/** Name of the file of a key, as in the documentation. */
export const KEY_FILE_NAME = 'sync.key';

/** Makes a key, as 64 hexadecimal digits. */
export function newKey(): string {
  return toDigits(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** Reads a key that was typed or pasted. @returns 64 hexadecimal digits; undefined for what is no key */
export function keyOfText(text: string): string | undefined {
  // SQLCipher writes keys as x'…'.
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^x'(.*)'$/u, '$1');
  return DIGITS.test(digits) ? digits : undefined;
}

/** Reads a key from a file: 64 hexadecimal digits or 32 bytes, with a line end or without. @returns as {@link keyOfText} */
export async function keyOfFile(file: Blob): Promise<string | undefined> {
  if (file.size > MAX_FILE_BYTES) return undefined;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = new TextDecoder('latin1')
    .decode(bytes)
    .replace(/\r?\n$/u, '')
    .toLowerCase();
  if (DIGITS.test(text)) return text;
  const hasNewline = bytes.length === KEY_BYTES + 1 && bytes.at(-1) === 0x0a;
  return bytes.length === KEY_BYTES || hasNewline ? toDigits(bytes.subarray(0, KEY_BYTES)) : undefined;
}

/** Saves a key as a file that the command line reads. */
export function saveKey(key: string): void {
  downloadFile(KEY_FILE_NAME, [`${key}\n`], 'text/plain');
}

/** Returns the bytes of a key. */
export function bytesOfKey(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: KEY_BYTES }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

function toDigits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Character codes of 0 to 9 and a to f. */
const DIGITS = Array.from({ length: 16 }, (_, digit) => digit.toString(16).charCodeAt(0));

/** Writes bytes as small hexadecimal digits. Hashes of many rows are: one text from codes costs half of 32 texts in a row. */
export function bytesInHex(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(DIGITS[byte >> 4] ?? 0, DIGITS[byte & 15] ?? 0);
  return String.fromCharCode(...codes);
}

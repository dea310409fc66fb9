import { createSha256 } from '#platform';

/** SHA-256 of a text's UTF-8 bytes, 64 hex digits (FIPS 180-4). */
export function sha256Hex(text: string): string {
  const hash = createSha256();
  hash.update(new TextEncoder().encode(text));
  return hash.digestHex();
}

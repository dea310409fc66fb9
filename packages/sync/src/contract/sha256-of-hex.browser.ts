import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

/** Returns the SHA-256 of bytes; both are hexadecimal digits. Web Crypto would make every caller wait, so this uses a library. */
export function sha256OfHex(digits: string): string {
  return bytesToHex(sha256(hexToBytes(digits)));
}

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Sha256 } from './sha256.ts';

/** Starts a hash of bytes that arrive in pieces. Web Crypto hashes complete buffers only, so this uses a library. */
export function createSha256(): Sha256 {
  const hash = sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    digestHex: () => bytesToHex(hash.digest()),
  };
}

/** Returns the SHA-256 of a text's UTF-8 bytes, 64 hex digits (FIPS 180-4). */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(text)));
}

/** Returns the SHA-256 of bytes, 32 bytes (FIPS 180-4). */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

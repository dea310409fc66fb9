import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/**
 * Hashes text (as UTF-8) or bytes with SHA-256, as 64 hex digits. JavaScript on every platform: Web Crypto is missing on
 * plain http pages.
 */
export function sha256Hex(content: string | Uint8Array): string {
  return bytesToHex(sha256(typeof content === 'string' ? new TextEncoder().encode(content) : content));
}

/** Hashes text or bytes that come in parts. */
export function sha256Parts(): {
  add(text: string): void;
  addBytes(bytes: Uint8Array): void;
  hex(): string;
} {
  const hash = sha256.create();
  return {
    add: (text) => {
      hash.update(new TextEncoder().encode(text));
    },
    addBytes: (bytes) => {
      hash.update(bytes);
    },
    hex: () => bytesToHex(hash.digest()),
  };
}

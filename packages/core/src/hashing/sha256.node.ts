import type { Sha256 } from './sha256.ts';

/** Starts a hash of bytes that arrive in pieces. `node:crypto` takes milliseconds to load, so it is loaded on first use. */
export function createSha256(): Sha256 {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digestHex: () => hash.digest('hex'),
  };
}

/** Returns the SHA-256 of a text's UTF-8 bytes, 64 hex digits (FIPS 180-4). */
export function sha256Hex(text: string): string {
  return process.getBuiltinModule('node:crypto').hash('sha256', text);
}

/** Returns the SHA-256 of bytes, 32 bytes (FIPS 180-4). */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return process.getBuiltinModule('node:crypto').hash('sha256', bytes, 'buffer');
}

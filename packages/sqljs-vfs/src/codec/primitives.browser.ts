import { cbc } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha512 } from '@noble/hashes/sha2.js';
import type { Primitives } from './primitives.ts';

const KEY_SIZE_BYTES = 32;

/** Web Crypto is asynchronous, and SQLite's calls are not, so pages are encrypted by `@noble/ciphers` and `@noble/hashes`. */
export const primitives: Primitives = {
  encrypt: (key, iv, plain) => cbc(key, iv, { disablePadding: true }).encrypt(plain),
  decrypt: (key, iv, encrypted) => cbc(key, iv, { disablePadding: true }).decrypt(encrypted),
  hmacWith(key) {
    const prepared = hmac.create(sha512, key);
    return (message, rest) => prepared.clone().update(message).update(rest).digest();
  },
  deriveKey: (secret, salt, iterations) =>
    pbkdf2(sha512, secret, salt, { c: iterations, dkLen: KEY_SIZE_BYTES }),
  async deriveKeyInBackground(secret, salt, iterations) {
    const material = await crypto.subtle.importKey('raw', Uint8Array.from(secret), 'PBKDF2', false, [
      'deriveBits',
    ]);
    const parameters = { name: 'PBKDF2', hash: 'SHA-512', salt: Uint8Array.from(salt), iterations };
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 8 * KEY_SIZE_BYTES));
  },
  randomBytes: (sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes)),
};

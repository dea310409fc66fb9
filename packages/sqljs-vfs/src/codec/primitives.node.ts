import crypto from 'node:crypto';
import { promisify } from 'node:util';
import type { Primitives } from './primitives.ts';

const KEY_SIZE_BYTES = 32;
const pbkdf2 = promisify(crypto.pbkdf2);

/** `node:crypto`: OpenSSL, as SQLCipher itself uses it. */
export const primitives: Primitives = {
  encrypt: (key, iv, plain) =>
    crypto.createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(plain),
  decrypt: (key, iv, encrypted) =>
    crypto.createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(encrypted),
  hmacWith(key) {
    const prepared = crypto.createSecretKey(key);
    return (message, rest) => crypto.createHmac('sha512', prepared).update(message).update(rest).digest();
  },
  deriveKey: (secret, salt, iterations) =>
    crypto.pbkdf2Sync(secret, salt, iterations, KEY_SIZE_BYTES, 'sha512'),
  deriveKeyInBackground: (secret, salt, iterations) =>
    pbkdf2(secret, salt, iterations, KEY_SIZE_BYTES, 'sha512'),
  randomBytes: (sizeBytes) => crypto.randomBytes(sizeBytes),
};

/** The cryptographic functions that the page codec needs, from the platform or a library. */
export interface Primitives {
  /** AES-256-CBC without padding. */
  encrypt(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array;
  /** @returns HMAC-SHA512 with this key, of a message in two parts */
  hmacWith(key: Uint8Array): (message: Uint8Array, rest: Uint8Array) => Uint8Array;
  /** PBKDF2-HMAC-SHA512. @returns 32 bytes */
  deriveKey(secret: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
  /** {@link deriveKey} off the calling thread. */
  deriveKeyInBackground(secret: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>;
  randomBytes(sizeBytes: number): Uint8Array;
}

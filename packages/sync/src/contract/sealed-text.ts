/** Texts that were encrypted before they left, as a hub stores them. */

/** Text that was encrypted. */
export interface SealedText {
  /** Name of the key. */
  readonly key: string;
  /** Salt of its push, in base64. */
  readonly salt: string;
  /** Vector, ciphertext and tag, in base64. */
  readonly sealed: string;
}

const KEY_ID = /^[0-9a-f]{16}$/;

/** Beginning of an encrypted text in the form of JSON, as `JSON.stringify` writes a {@link SealedText}. */
const SEALED_BEGINNING = /^\{"key":"([0-9a-f]{16})","salt":"/;

/** True for the name of a key. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && KEY_ID.test(value);
}

/** Returns the name of the key of an encrypted text; null for another one. @param text - or its beginning */
export function keyIdOf(text: string): string | null {
  return SEALED_BEGINNING.exec(text)?.[1] ?? null;
}

/** A SHA-256 hash of bytes that arrive in pieces (FIPS 180-4). */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Ends the hash. @returns 64 hex digits */
  digestHex(): string;
}

/** SHA-256 over bytes that come in pieces (FIPS 180-4). */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Ends it. @returns 64 hex digits */
  digestHex(): string;
}

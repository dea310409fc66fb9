import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { ChainPosition } from './sync-target.ts';

/** The position before the first entry. */
export const START: ChainPosition = { seq: 0, chain: '0'.repeat(64) };

/**
 * Returns the hash over all entries up to one: SHA-256 of that of the entries before and the hash of the entry. Two databases
 * with the same one have the same entries. Web Crypto would make every caller wait, so this uses a library.
 */
export function chainAfter(chain: string, leaf: string): string {
  return bytesToHex(sha256.create().update(hexToBytes(chain)).update(hexToBytes(leaf)).digest());
}

import { sha256OfHex } from '#contract/sha256-of-hex';
import type { ChainPosition } from './sync-target.ts';

/** The position before the first entry. */
export const START: ChainPosition = { seq: 0, chain: '0'.repeat(64) };

/**
 * Returns the hash over all entries up to one: SHA-256 of that of the entries before and the hash of the entry. Two databases
 * with the same one have the same entries.
 */
export function chainAfter(chain: string, leaf: string): string {
  return sha256OfHex(`${chain}${leaf}`);
}

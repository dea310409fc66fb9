import canonicalize from 'canonicalize';
import { sha256Hex } from '../sha256.ts';

/**
 * Hashes findings, so that two runs with the same findings have the same hash. Ids, times and durations are not part
 * of them. The same inputs give the same hash on every machine, in Node and in a browser.
 *
 * @returns `sha256:` and 64 hex digits over the canonical JSON (RFC 8785)
 */
export function determinismHash(findings: object): string {
  return `sha256:${sha256Hex(canonicalize(findings) ?? '')}`;
}

import { hash } from 'node:crypto';

/** Returns the SHA-256 of bytes; both are hexadecimal digits. */
export function sha256OfHex(digits: string): string {
  return hash('sha256', Buffer.from(digits, 'hex'), 'hex');
}

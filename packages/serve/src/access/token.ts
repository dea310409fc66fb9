/** The bearer token (RFC 6750) that a request must have. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/http-error.ts';

const TOKEN_BYTES = 32;

/** Characters of a token (RFC 6750, section 2.1), and the fewest that are accepted: 192 random bits in base64. */
const TOKEN = /^[A-Za-z0-9\-._~+/]{32,512}=*$/;

/** Makes a token of 256 random bits. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** True for a text that can be a token, and is long enough to be one. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Compares texts in a time that tells nothing of them: their digests have one length. */
export function sameText(left: string, right: string): boolean {
  return timingSafeEqual(digestOf(left), digestOf(right));
}

/** Checks the tokens of requests. */
export class TokenCheck {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /** @throws {HttpError} 401 unless the request has the token */
  check(request: IncomingMessage): void {
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    // Digests have one length, so the time of the comparison tells nothing of the token.
    if (given !== undefined && timingSafeEqual(digestOf(given), this.#digest)) return;
    throw new HttpError(
      401,
      'UNAUTHORIZED',
      given === undefined ? 'The request has no token' : 'The token is wrong',
      {
        hint: 'Send the header Authorization: Bearer TOKEN, with the token of the running server',
        headers: {
          'www-authenticate': given === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
        },
      },
    );
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

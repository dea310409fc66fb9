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

/** A token that is enough for some routes only. */
export interface ScopedToken {
  /** 32 characters or more of those of RFC 6750. */
  readonly token: string;
  /** Which routes, by their `scopes`. */
  readonly scopes: readonly string[];
  /** Whose requests these are, for routes that keep callers apart. @default none */
  readonly tenant?: string;
}

/** Checks the tokens of requests. */
export class TokenCheck {
  readonly #digest: Buffer;
  /** By the digest of the token. */
  #scoped: ReadonlyMap<string, ScopedToken> = new Map();

  constructor(token: string, scopedTokens: readonly ScopedToken[] = []) {
    this.#digest = digestOf(token);
    this.setScopedTokens(scopedTokens);
  }

  /** Replaces the scoped tokens, for the requests that come from then on. */
  setScopedTokens(scopedTokens: readonly ScopedToken[]): void {
    this.#scoped = new Map(scopedTokens.map((scoped) => [keyOf(digestOf(scoped.token)), scoped]));
  }

  /**
   * @param scopes - those of which a token has to have one, unless it is the server's own
   * @returns the tenant of the token
   * @throws {HttpError} 401 unless the request has a token of this server, 403 when it is not enough
   */
  check(request: IncomingMessage, scopes: readonly string[]): string | undefined {
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const digest = digestOf(given ?? '');
    // Digests have one length, so the time of the comparison tells nothing of the token.
    if (given !== undefined && timingSafeEqual(digest, this.#digest)) return undefined;
    const scoped = given === undefined ? undefined : this.#scoped.get(keyOf(digest));
    if (scoped !== undefined) {
      const { scopes: granted, tenant } = scoped;
      if (scopes.some((scope) => granted.includes(scope))) return tenant;
      throw new HttpError(403, 'FORBIDDEN_SCOPE', 'The token is not enough for this request', {
        hint: `It allows: ${granted.join(', ')}`,
      });
    }
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

function keyOf(digest: Buffer): string {
  return digest.toString('base64');
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Requests of pages of other origins, as far as those are allowed (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answer to a preflight request. A browser asks again after ten minutes. `allow-private-network` is what browsers ask of a
 * server on this machine that a page from elsewhere calls.
 */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'authorization, content-type, content-encoding',
  'access-control-allow-private-network': 'true',
  'access-control-max-age': '600',
};

/** True when a browser asks, without the token, if a page may send a request. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Lets a page of an allowed origin read the answer. Cookies are no part of it. */
export function letPageRead(
  { headers }: IncomingMessage,
  response: ServerResponse,
  allowsOrigin: (origin: string) => boolean,
): void {
  response.setHeader('vary', 'Origin');
  const { origin } = headers;
  if (origin === undefined || !allowsOrigin(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'Retry-After');
}

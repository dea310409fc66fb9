/**
 * Host and Origin of requests. A page of another site can send requests to a server on this machine: by its name, with its
 * own Origin, or, after it let its own name point here (DNS rebinding), as if they were requests to itself.
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HttpError } from '../http/http-error.ts';
import { certifies } from './bind-address.ts';

/** Values of Sec-Fetch-Site that a page of this server, or a person at the address bar, causes. */
const OWN_SITES = new Set(['same-origin', 'none']);

/** Checks that a request was meant for this server and comes from no other site. */
export class SenderCheck {
  readonly #ownHosts: ReadonlySet<string>;
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #tls: X509Certificate | undefined;

  /**
   * @param host - address or name at which the server listens
   * @param allowedHosts - names by which it may be called, beside that, `localhost` and addresses, also through a proxy with
   * TLS
   * @param allowedOrigins - origins of pages that may call the routes for them
   * @param tls - certificate of the server, which may be called by the names in it; undefined where it speaks plain HTTP
   */
  constructor(
    host: string,
    allowedHosts: readonly string[],
    allowedOrigins: readonly string[],
    tls: X509Certificate | undefined,
  ) {
    this.#ownHosts = new Set(['localhost', host.toLowerCase()]);
    this.#allowedHosts = new Set(allowedHosts.map((name) => name.toLowerCase()));
    this.#allowedOrigins = new Set(allowedOrigins);
    this.#tls = tls;
  }

  /**
   * @param mayNavigate - true where a link on another site may lead: what it opens holds no data
   * @param isForPages - true for a route that pages of allowed origins may call
   * @throws {HttpError} 403, 400
   */
  check(request: IncomingMessage, mayNavigate: boolean, isForPages: boolean): void {
    const hosts = request.headersDistinct['host'] ?? [];
    const [host = ''] = hosts;
    const name = hosts.length === 1 ? hostName(host) : undefined;
    if (name === undefined) throw new HttpError(400, 'INVALID_HOST', 'The request must have one Host header');
    // An address cannot be made to point elsewhere, so only names are dangerous.
    const isAllowed = this.#allowedHosts.has(name);
    if (isIP(name) === 0 && !isAllowed && !this.#ownHosts.has(name) && !this.#isCertified(name)) {
      throw new HttpError(403, 'FOREIGN_HOST', `This server is not called ${JSON.stringify(name)}`, {
        hint: 'Use its address or localhost, or allow the name when the server is started',
      });
    }
    const { origin } = request.headers;
    const ownScheme = this.#tls === undefined ? 'http' : 'https';
    const ownOrigins = (isAllowed ? [ownScheme, 'https'] : [ownScheme]).map(
      (scheme) => `${scheme}://${host.toLowerCase()}`,
    );
    if (origin !== undefined && !ownOrigins.includes(origin.toLowerCase())) {
      if (isForPages && this.allows(origin)) return;
      throw foreignOrigin(`Pages of ${JSON.stringify(origin)} may not use this server`);
    }
    const site = request.headers['sec-fetch-site'];
    const isNavigation = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
    if (
      origin === undefined &&
      typeof site === 'string' &&
      !OWN_SITES.has(site) &&
      !(mayNavigate && isNavigation)
    ) {
      throw foreignOrigin('Pages of other sites may not use this server');
    }
  }

  /** True for a name in the certificate: an authority has found it to be that of the server's owner. */
  #isCertified(name: string): boolean {
    return this.#tls !== undefined && certifies(this.#tls, name);
  }

  /** True for an origin whose pages may call the routes for them. */
  allows(origin: string): boolean {
    return this.#allowedOrigins.has(origin.toLowerCase());
  }
}

/** Returns the name or address in a Host header (RFC 9110, section 7.2), without the brackets of IPv6 and the port. */
function hostName(host: string): string | undefined {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (address ?? name)?.toLowerCase();
}

function foreignOrigin(message: string): HttpError {
  return new HttpError(403, 'FOREIGN_ORIGIN', message);
}

import type { X509Certificate } from 'node:crypto';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { ServeError } from '../errors.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** True for an address that only programs on this machine reach. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  return isIP(host) !== 0 && LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/**
 * @param tls - certificate of a server that encrypts what it sends
 * @throws {ServeError} ADDRESS_REFUSED for an address that other machines reach, where anybody could use it or read on the way
 */
export function checkBindAddress(host: string, hasToken: boolean, tls: X509Certificate | undefined): void {
  if (isLoopback(host)) return;
  if (!hasToken) {
    throw new ServeError(
      'ADDRESS_REFUSED',
      `Other machines reach ${host}, and without a token each of them could read the database`,
      { hint: 'Require a token, or listen at 127.0.0.1' },
    );
  }
  if (tls !== undefined) return;
  throw new ServeError(
    'ADDRESS_REFUSED',
    `Other machines reach ${host}, and without TLS others could read the token and the data on the way`,
    {
      hint: 'Give a certificate and its key with `tls`, or listen at 127.0.0.1 and use a proxy or ssh -L',
    },
  );
}

/** Makes the address by which programs on this machine call a server: one that its certificate vouches for, if there is any. */
export function localUrl(host: string, port: number, tls: X509Certificate | undefined): string {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  if (tls === undefined) return `http://${inUrl(address)}:${port}`;
  const isNamed = certifies(tls, address) || !isLoopback(address) || !certifies(tls, 'localhost');
  return `https://${isNamed ? inUrl(address) : 'localhost'}:${port}`;
}

/** True for a name or address for which a certificate was made. */
export function certifies(tls: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? tls.checkHost(name) : tls.checkIP(name)) !== undefined;
}

function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

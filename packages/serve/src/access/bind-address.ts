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

/** @throws {ServeError} ADDRESS_REFUSED for an address that other machines reach, where anybody could use it */
export function checkBindAddress(host: string, hasToken: boolean): void {
  if (hasToken || isLoopback(host)) return;
  throw new ServeError(
    'ADDRESS_REFUSED',
    `Other machines reach ${host}, and without a token each of them could read the database`,
    { hint: 'Require a token, or listen at 127.0.0.1' },
  );
}

/** Makes the address by which programs on this machine call a server. */
export function localUrl(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

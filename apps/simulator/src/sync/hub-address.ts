/** Hosts to which browsers send requests of secure pages without TLS. The policy of workers names them too. */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost']);

/**
 * Checks what a user typed as the address of a hub.
 * @returns what is wrong with it, as a sentence; undefined for nothing
 */
export function addressProblem(typed: string): string | undefined {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'This is no address of a hub: it begins with https://, as in https://hub.example.';
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname))
    return 'Over http:// everybody on the way could read the token, so it is for 127.0.0.1 and localhost alone. Use https://.';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'Leave out the user, the password and what comes after ? or #: the address ends with its path.';
  return undefined;
}

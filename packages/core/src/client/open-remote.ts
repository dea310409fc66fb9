import { ASYNC_DISPOSE } from '../api/async-dispose.ts';
import { PersistenceError } from '../api/errors.ts';
import type { Change, Persistence, RemoteOpenOptions } from '../api/persistence.ts';
import { ChangeListeners } from '../changes/change-listeners.ts';
import type { ChangesSource } from '../changes/change-stream.ts';
import type { PersistenceService } from '../protocol/methods.ts';
import { RpcClient } from '../protocol/rpc.ts';
import { checkFunction, checkText, invalid } from '../validation/arguments.ts';
import { createRemoteMethods } from './client.ts';
import { CONNECTION_LIMITS, ServerConnection, type ConnectionLimits } from './server-connection.ts';

const OPERATION = 'open';

/** Most characters of a token. The request to connect is limited as well. */
const MAX_TOKEN = 512;

/**
 * Opens a database that another program serves.
 * @throws {PersistenceError} `INVALID_ARGUMENT`, `CONNECTION_LOST`, `UNAUTHORIZED`
 */
export async function openRemote(
  given: RemoteOpenOptions,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<Persistence> {
  const listeners = new ChangeListeners();
  const onChange = (change: Change): void => listeners.notify(change);
  const connection = new ServerConnection(checkOptions(given), onChange, limits);
  await connection.start();
  const rpc = new RpcClient<PersistenceService>({ service: connection.service });
  const ended = new AbortController();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      const pending = rpc.whenIdle();
      rpc.refuseCalls((operation) => new PersistenceError('CLOSED', 'The database is closed', { operation }));
      ended.abort();
      await pending;
      listeners.clear();
      connection.close();
    })());
  const events: ChangesSource = {
    read: (request) => rpc.call('changes', (service) => service.readChanges(request)),
    subscribe: (listener) => listeners.add(listener),
    ended: ended.signal,
  };
  return {
    ...createRemoteMethods(rpc, events),
    subscribe: (listener) => listeners.add(listener),
    close,
    [ASYNC_DISPOSE]: close,
  };
}

function checkOptions(options: RemoteOpenOptions): RemoteOpenOptions {
  const { url, token, onConnection } = options;
  checkText({ operation: OPERATION, name: 'url' }, url);
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^(?:ws|http)s?:$/.test(address.protocol))
    throw invalid(
      { operation: OPERATION, name: 'url' },
      url,
      'a URL that begins with ws:, wss:, http: or https:',
    );
  // The token itself is not put into the message.
  if (token !== undefined && (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN))
    throw new PersistenceError(
      'INVALID_ARGUMENT',
      `Invalid token: a text of at most ${MAX_TOKEN} characters`,
      {
        operation: OPERATION,
      },
    );
  if (onConnection !== undefined) checkFunction({ operation: OPERATION, name: 'onConnection' }, onConnection);
  address.protocol = address.protocol.replace('http', 'ws');
  address.hash = '';
  return { ...options, url: address.href };
}

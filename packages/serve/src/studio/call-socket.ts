/** The WebSocket over which a page calls the database (`storage: 'remote'` of `@ggen-sim/core`). */
import {
  CLOSE_CODES,
  MAX_MESSAGE_BYTES,
  RemoteHost,
  socketConnection,
  SUBPROTOCOL,
  tokenProtocol,
} from '@ggen-sim/core/remote';
import type { Persistence } from '@ggen-sim/core';
import { WebSocketServer } from 'ws';
import { sameText } from '../access/token.ts';
import type { Upgrade } from '../http/upgrade.ts';

/** Path that the page calls, beside its own files. */
export const CALL_PATH = '/rpc';

/** Options of {@link callSocket}. */
export interface CallSocketOptions {
  /** Answer methods that write. */
  readonly isWritable: boolean;
  /** `null`: callers need none. */
  readonly token: string | null;
}

/** Makes the end of calls to an open database. */
export function callSocket(database: Persistence, { isWritable, token }: CallSocketOptions): Upgrade {
  const host = new RemoteHost(database, { isWritable });
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    // The token is never sent back.
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const isAllowed = (offered: readonly string[]): boolean =>
    token === null || offered.some((protocol) => sameText(protocol, tokenProtocol(token)));
  return {
    path: CALL_PATH,
    take({ request, socket, head, limits }) {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        const offered = (request.headers['sec-websocket-protocol'] ?? '')
          .split(',')
          .map((name) => name.trim());
        // A browser shows a page no status code of a refused request, but it does show this code.
        if (!isAllowed(offered)) opened.close(CLOSE_CODES.unauthorized, 'The token is wrong or missing');
        else if (host.connectionCount >= limits.streams) {
          opened.close(CLOSE_CODES.tryAgainLater, 'Too many pages are connected');
        } else host.connect(socketConnection(opened));
      });
    },
    stop: () => host.close(),
  };
}

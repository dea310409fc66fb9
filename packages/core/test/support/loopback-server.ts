/** A plain server of one database on a loopback port. The one that users start is in `packages/serve`. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import {
  CLOSE_CODES,
  RemoteHost,
  socketConnection,
  SUBPROTOCOL,
  tokenProtocol,
  type RemoteHostOptions,
} from '../../src/host/remote-host.ts';
import type { Persistence } from '../../src/index.ts';

export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  readonly host: RemoteHost;
  /** Reads nothing more of the connections that are open, as a stopped process does. Later ones are answered. */
  stall(): void;
  /** Ends every connection at once, as the end of the process does, and takes no other. */
  kill(): Promise<void>;
}

/** @param port - 0 for one that is free */
export async function serveOnLoopback(
  persistence: Persistence,
  { token, port = 0, ...options }: RemoteHostOptions & { token?: string; port?: number } = {},
): Promise<LoopbackServer> {
  const host = new RemoteHost(persistence, { isWritable: true, ...options });
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port,
    handleProtocols: () => SUBPROTOCOL,
    ...(options.maxMessageBytes !== undefined && { maxPayload: options.maxMessageBytes }),
  });
  server.on('connection', (socket, { headers }) => {
    const offered = (headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/u);
    if (token !== undefined && !offered.includes(tokenProtocol(token)))
      return socket.close(CLOSE_CODES.unauthorized);
    host.connect(socketConnection(socket));
  });
  await once(server, 'listening');
  const { port: chosen } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${chosen}`,
    port: chosen,
    host,
    stall() {
      for (const client of server.clients) client.pause();
    },
    async kill() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

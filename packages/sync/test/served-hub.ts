/** Hubs over real sockets, and a way between that cuts connections. */
import net from 'node:net';
import { openPersistence } from '@ggen-sim/core';
import { serveDatabase, type RunningServer, type ServeOptions } from '@ggen-sim/serve';
import { openTarget, type SyncTarget } from '../src/index.ts';
import { hubRoutes, type HubRoutesOptions } from '../src/serving/hub-routes.node.ts';

/** Serves the target of a location, or one that is given. */
export async function serveHub(
  at: string | SyncTarget,
  { hub, ...options }: ServeOptions & { readonly hub?: HubRoutesOptions } = {},
): Promise<RunningServer> {
  const target = typeof at === 'string' ? await openTarget(at) : at;
  const routes = hubRoutes(target, hub);
  return serveDatabase(await openPersistence({ storage: 'memory' }), { routes, ...options });
}

/** What happens to a request: it does not arrive, or its answer does not. */
export type Cut = 'before' | 'after' | 'never';

/** Passes requests on, and cuts the connections of some. */
export interface CuttingWay {
  readonly url: string;
  readonly cuts: number;
  /** Cuts the connections that there are. */
  cutAll(): void;
  close(): Promise<void>;
}

/** @param next - called for each request */
export async function cuttingWay(port: number, next: () => Cut): Promise<CuttingWay> {
  let cuts = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    let cut: Cut = 'never';
    const far = net.connect(port, '127.0.0.1');
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    const cutOff = (): void => {
      cuts++;
      end();
    };
    near.on('data', (chunk) => {
      // A client sends a request when the one before was answered.
      if (chunk.subarray(0, 5).toString('latin1') === 'POST ') cut = next();
      if (cut === 'before') cutOff();
      else far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (cut === 'after') cutOff();
      else near.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    cutAll() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The persistence suite over a connection to a server on a loopback port. Files behind a worker have the other tests. */
import { describe, expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { describePersistence } from '../../src/testing/index.ts';
import { serveOnLoopback, type LoopbackServer } from '../support/loopback-server.ts';

describePersistence(
  'memory, over a connection to a server',
  () => {
    const servers: LoopbackServer[] = [];
    return {
      async open(options) {
        const server = await serveOnLoopback(
          await openPersistence({ storage: 'memory', worker: false, ...options }),
        );
        servers.push(server);
        return openPersistence({ storage: 'remote', url: server.url });
      },
      async remove() {
        for (const server of servers) await server.kill();
      },
    };
  },
  { framework: { describe, expect, it } },
);

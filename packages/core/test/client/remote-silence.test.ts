/** Connections to a server that stops answering, or answers what is not expected. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { openRemote as openWithLimits } from '../../src/client/open-remote.ts';
import { SUBPROTOCOL } from '../../src/host/remote-host.ts';
import { type ConnectionState, type Persistence, openPersistence } from '../../src/index.ts';
import { decodeMessage, encodeMessage } from '../../src/protocol/message-codec.ts';
import { auditOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { collectUncaught } from '../support/collect-uncaught.ts';
import { type LoopbackServer, serveOnLoopback } from '../support/loopback-server.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
});

async function serve(): Promise<LoopbackServer> {
  const server = await serveOnLoopback(await openPersistence({ storage: 'memory', worker: false }));
  servers.push(server);
  return server;
}

const openRemote = async (): Promise<Persistence> =>
  openPersistence({ storage: 'remote', url: (await serve()).url });

/** A server that takes connections and answers each call with the message that is made of its id and name. */
async function serveRaw(
  answer: (id: number, name: string) => unknown[],
): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => SUBPROTOCOL });
  server.on('connection', (socket) =>
    socket.on('message', (bytes: Buffer) => {
      const [, id, , [name]] = decodeMessage(bytes) as [string, number, string, [string]];
      socket.send(encodeMessage(answer(id, name)));
    }),
  );
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('a server that does not answer', () => {
  /** Counts turns of this thread rather than time: a slow machine answers within them. */
  const limits = { connectMs: 30_000, pulseMs: 10, silentPulses: 50 };

  it('is CONNECTION_LOST when it takes a connection and is silent, which is then closed', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const closed = new Promise((resolve) => {
      server.on('connection', (socket: Socket) =>
        socket
          .resume()
          .on('close', resolve)
          .on('error', () => undefined),
      );
    });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await rejectionOf(
      openWithLimits({ storage: 'remote', url }, { ...limits, connectMs: 500 }),
    );
    expect(error).toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('not answered'),
    });
    await closed;
  });

  it('is CONNECTION_LOST when it does not say what it is, and nothing stays open', async () => {
    const { url, server } = await serveRaw((id) => [
      'error',
      id,
      { name: 'Error', message: 'no', properties: {} },
    ]);
    expect(await rejectionOf(openPersistence({ storage: 'remote', url }))).toMatchObject({
      code: 'CONNECTION_LOST',
      message: 'no',
    });
    await expect.poll(() => server.clients.size).toBe(0);
  });

  it('rejects pending calls, is reported to a listener that throws, and is connected to again', async () => {
    const server = await serve();
    const states: ConnectionState[] = [];
    const onConnection = (state: ConnectionState): void => {
      states.push(state);
      throw new Error('a listener threw');
    };
    await collectUncaught(async (uncaught) => {
      await using db = await openWithLimits({ storage: 'remote', url: server.url, onConnection }, limits);
      server.stall();
      expect(await rejectionOf(db.stats())).toMatchObject({ code: 'CONNECTION_LOST', operation: 'stats' });
      await expect.poll(() => states.at(-1)).toEqual({ isConnected: true });
      expect(states[0]).toMatchObject({ isConnected: false, isRetrying: true });
      expect((await db.stats()).receiptsTotal).toBe(0);
      expect(uncaught.map(String)).toContain('Error: a listener threw');
    });
  });

  it('does not keep close() waiting', async () => {
    const server = await serve();
    const db = await openWithLimits({ storage: 'remote', url: server.url }, limits);
    server.stall();
    const pending = rejectionOf(db.stats());
    await db.close();
    expect(await pending).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it.each([[null], [7], [{ properties: 1, cause: 1 }]])('with an error: %j is none', async (outcome) => {
    const greeting = { programVersion: '', maxMessageBytes: 1e6, isWritable: true, tables: [] };
    const { url } = await serveRaw((id, name) =>
      name === undefined ? ['value', id, greeting] : ['error', id, outcome],
    );
    await using db = await openPersistence({ storage: 'remote', url });
    expect(await rejectionOf(db.stats())).toBeInstanceOf(Error);
  });
});

describe("a caller's value that is no data", () => {
  class Left {
    readonly rows: number = 3;
  }

  it('ends an operation as the reason of an abort', async () => {
    await using db = await openRemote();
    await db.logAudit(auditOf('o'));
    const stop = new AbortController();
    const reason = new Left();
    const output = new WritableStream({
      write: () => stop.abort(reason),
      abort: () => new Promise(() => {}),
    });
    const error = await rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
    expect(error).toMatchObject({ code: 'ABORTED' });
    expect(error.cause).toBe(reason);
  });

  it('ends an operation as a property of an error of its stream', async () => {
    await using db = await openRemote();
    await db.logAudit(auditOf('o'));
    const failure = Object.assign(new Error('no room'), { left: new Left() });
    const output = new WritableStream({ write: () => Promise.reject(failure) });
    expect((await rejectionOf(db.exportAuditTrail({ output }))).message).toContain('no room');
  });
});

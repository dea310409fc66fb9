/** The end of a server: what was running is finished, what was acknowledged is stored, and nothing is left behind. */
import fs from 'node:fs';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import { openPersistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { stopServer, type Route } from '../src/index.ts';
import { saveReceipts, serveNew } from './support/served-database.ts';

it('finishes running requests, ends streams, takes no more, and closes the database', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let onBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const slow: Route = {
    methods: ['POST'],
    path: '/slow',
    async handle({ database, response, readBody }) {
      const executionId = String(await readBody());
      onBegun();
      await released;
      await saveReceipts(database, executionId);
      response.end('saved');
    },
  };
  const served = await serveNew({ routes: [slow] });
  const stream = await fetch(`${served.server.url}/changes`, { headers: served.authorized });
  const answer = served.request('/slow', { method: 'POST', body: 'last' });
  await begun;
  const stopped = served.server.stop();
  // The stream ends as a whole answer, not cut off.
  expect(await stream.text()).toContain('retry: 1000');
  await expect(served.request('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  release();
  expect(await answer).toMatchObject({ status: 200, text: 'saved' });
  await Promise.all([stopped, served.server.stopped, served.server.stop()]);
  expect((await served.database.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['last']);
  expect(fs.readdirSync(served.folder)).toEqual(['ggen.db']);
});

it('cuts off a request that does not end', async () => {
  let onBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const endless: Route = { methods: ['GET'], path: '/endless', handle: () => onBegun() };
  const { request, server, folder } = await serveNew({ routes: [endless], limits: { stopMs: 20 } });
  const answer = request('/endless').catch((error: NodeJS.ErrnoException) => error.code);
  await begun;
  await server.stop();
  expect(await answer).toBe('ECONNRESET');
  expect(fs.readdirSync(folder)).toEqual(['ggen.db']);
});

it('is answered when it is over', async () => {
  const { file, folder, server, request } = await serveNew();
  const answer = await request('/stop', { method: 'POST' });
  expect([answer.status, answer.text]).toEqual([200, '{"stopped":true}\n']);
  await server.stopped;
  expect(fs.readdirSync(folder)).toEqual(['ggen.db']);
  await expect(stopServer(file)).rejects.toMatchObject({ code: 'NOT_SERVED' });
});

it('may be asked for by several at once', async () => {
  const { file, server } = await serveNew();
  const stopped = await Promise.all([stopServer(file), stopServer(file), stopServer(file)]);
  expect(stopped.map(({ url }) => url)).toEqual(Array.from({ length: 3 }, () => server.url));
  await server.stopped;
});

it('loses nothing that was acknowledged while many save', async () => {
  const save: Route = {
    methods: ['POST'],
    path: '/save',
    async handle({ database, readBody, response }) {
      await saveReceipts(database, String(await readBody()));
      response.end();
    },
  };
  const { request, server, file } = await serveNew({ routes: [save] });
  const acknowledged: string[] = [];
  let onFirst: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (onFirst = resolve));
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let count = 0; ; count += 1) {
      const id = `${writer}-${count}`;
      try {
        if ((await request('/save', { method: 'POST', body: id })).status !== 200) return;
      } catch {
        return;
      }
      acknowledged.push(id);
      if (acknowledged.length === 20) onFirst();
    }
  });
  await first;
  await server.stop();
  await Promise.all(writers);
  await using database = await openPersistence({ storage: 'file', path: file });
  const stored = new Set(
    (await database.queryReceipts({ limit: 100_000 })).map(({ executionId }) => executionId),
  );
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
});

it('is not noticed by a reader who goes away before', async () => {
  const { server, authorized } = await serveNew();
  const control = new AbortController();
  const response = await fetch(`${server.url}/changes`, { headers: authorized, signal: control.signal });
  control.abort();
  await response.text().catch(() => undefined);
  const stopped = once(process, 'unhandledRejection', { signal: AbortSignal.timeout(1) }).catch(() => 'none');
  await server.stop();
  expect(await stopped).toBe('none');
});

it('comes for a connection whose reader does not take a whole answer in time', async () => {
  let onAnswered: (response: ServerResponse) => void = () => undefined;
  const answered = new Promise<ServerResponse>((resolve) => (onAnswered = resolve));
  const large: Route = {
    methods: ['GET'],
    path: '/large',
    handle({ response }) {
      response.end(Buffer.alloc(64 * 1024 * 1024));
      onAnswered(response);
    },
  };
  const { server, authorized } = await serveNew({ routes: [large], limits: { answerMs: 200 } });
  const socket = net.connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `GET /large HTTP/1.1\r\nhost: localhost\r\nauthorization: ${authorized['authorization']}\r\n\r\n`,
  );
  const response = await answered;
  await once(response, 'close');
  let receivedBytes = 0;
  socket.on('data', ({ length }: Buffer) => (receivedBytes += length));
  await once(socket, 'close');
  expect(receivedBytes).toBeLessThan(64 * 1024 * 1024);
});

/** `GET /changes` with the official client of server-sent events, and with readers that are slow, gone or wrong. */
import { once } from 'node:events';
import net from 'node:net';
import { EventSource, type ErrorEvent } from 'eventsource';
import { describe, expect, it, onTestFinished } from 'vitest';
import { codeOf, saveReceipts, serveNew, type Served } from './support/served-database.ts';

interface ServedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly seq: number;
    readonly kind: string;
    readonly row?: Readonly<Record<string, unknown>>;
  };
}

/** Reads `/changes` with an EventSource, which has the token by its `fetch`. */
function listen({ server, authorized }: Served, query = '', lastEventId?: string) {
  const events: ServedEvent[] = [];
  const source = new EventSource(`${server.url}/changes${query}`, {
    fetch: (url, init) =>
      fetch(url, {
        ...init,
        headers: { ...init.headers, ...authorized, ...(lastEventId && { 'last-event-id': lastEventId }) },
      }),
  });
  source.addEventListener('message', ({ data, lastEventId: id }: MessageEvent) => {
    const event = JSON.parse(data as string) as ServedEvent;
    expect(id).toBe(event.id);
    events.push(event);
  });
  onTestFinished(() => source.close());
  const sequence = (): number[] => events.map(({ data }) => data.seq);
  return { source, events, sequence };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('events', () => {
  it('come from the first one, then as they are saved by any connection', async () => {
    const served = await serveNew();
    await saveReceipts(served.database, 'a', 'b');
    const { sequence, events } = listen(served, '?rows=true');
    await expect.poll(sequence).toEqual([1, 2]);
    await served.database.saveMemory({
      agentId: 'agent-1',
      agentType: 't',
      memory: '{"line":"a\\nb\\r\\u2028"}',
    });
    await expect.poll(sequence).toEqual([1, 2, 3]);
    expect(events[0]).toMatchObject({
      specversion: '1.0',
      type: 'dev.ggen-sim.receipt.saved.v1',
      data: { row: { execution_id: 'a', receipt_json: '{"n":1}' } },
    });
    expect(events[2]?.data.row).toMatchObject({ memory_json: '{"line":"a\\nb\\r\\u2028"}' });
  });

  it('go on after Last-Event-ID, without a gap or a repetition, across a restart of the server', async () => {
    const served = await serveNew();
    await saveReceipts(served.database, 'a', 'b', 'c');
    const first = listen(served);
    await expect.poll(first.sequence).toEqual([1, 2, 3]);
    first.source.close();
    await saveReceipts(served.database, 'd');
    const second = listen(served, '?after=0', first.events[1]?.id);
    await expect.poll(second.sequence).toEqual([3, 4]);
    const byQuery = listen(served, `?after=${first.events[2]?.id}`);
    await expect.poll(byQuery.sequence).toEqual([4]);
  });

  it('are those of a table, a kind or an agent, if asked', async () => {
    const served = await serveNew();
    const { database } = served;
    await saveReceipts(database, 'a');
    await database.saveMemory({ agentId: 'agent-2', agentType: 't', memory: '1' });
    await database.logAudit({ agentId: 'agent-3', operation: 'o', status: 'completed' });
    for (const [query, wanted] of [
      ['?table=agent_memory', [2]],
      ['?table=receipts&table=audit_log', [1, 3]],
      ['?kind=audit.logged', [3]],
      ['?agent=agent-1&agent=agent-3', [1, 3]],
    ] as const) {
      const { sequence, events } = listen(served, query);
      await expect.poll(sequence).toEqual(wanted);
      expect(events.every(({ data }) => !('row' in data))).toBe(true);
    }
  });

  it('end after the last one with follow=false', async () => {
    const { request, database } = await serveNew();
    await saveReceipts(database, 'a', 'b');
    const { text, headers } = await request('/changes?follow=false&after=1');
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(text.match(/^data: /gm)).toHaveLength(1);
  });

  it('begin after the latest one with its id, so that a reader who is cut off before the first one misses nothing', async () => {
    const served = await serveNew();
    await saveReceipts(served.database, 'a', 'b');
    const { text } = await served.request('/changes?after=latest&follow=false');
    expect(text).toMatch(/^id: [^/]+\/2\/[0-9a-f]{8}\n\n/m);
    const { source, sequence } = listen(served, '?after=latest');
    await once(source, 'open');
    await saveReceipts(served.database, 'c', 'd');
    await expect.poll(sequence).toEqual([3, 4]);
  });

  it('that are passed over move the position in the pauses, and comments show that the connection holds', async () => {
    const served = await serveNew({ limits: { heartbeatMs: 5 } });
    await saveReceipts(served.database, 'a', 'b');
    const response = await fetch(`${served.server.url}/changes?table=agent_memory`, {
      headers: served.authorized,
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (/^id: [^/]+\/2\/[0-9a-f]{8}\n\n(?:.*\n)*:\n\n/m.test(text)) break;
    }
    expect(text).not.toContain('data:');
  });
});

describe('a wrong position', () => {
  const foreign = '019b0000-0000-7000-8000-000000000000/1/00000000';

  it('is refused with 410, and a browser does not connect again', async () => {
    const served = await serveNew();
    await saveReceipts(served.database, 'a');
    const answer = await served.request(`/changes?after=${foreign}`);
    expect([answer.status, codeOf(answer)]).toEqual([410, 'CHANGE_LOG_RESET']);
    const { source } = listen(served, '', foreign);
    const [error] = (await new Promise((resolve) =>
      source.addEventListener('error', (...given) => resolve(given)),
    )) as [ErrorEvent];
    expect(error.code).toBe(410);
    expect(source.readyState).toBe(EventSource.CLOSED);
  });

  it('ends a stream with a failure when it becomes one: the database was reset', async () => {
    const served = await serveNew();
    await saveReceipts(served.database, 'a');
    const { source, sequence } = listen(served);
    await expect.poll(sequence).toEqual([1]);
    const failure = new Promise<string>((resolve) =>
      source.addEventListener('failure', ({ data }: MessageEvent) => resolve(data as string)),
    );
    const refused = new Promise<ErrorEvent>((resolve) =>
      source.addEventListener('error', (error) => error.code === 410 && resolve(error)),
    );
    await served.database.reset();
    expect(JSON.parse(await failure)).toMatchObject({ error: { code: 'CHANGE_LOG_RESET' } });
    await refused;
    expect(source.readyState).toBe(EventSource.CLOSED);
  });

  it.each(['yesterday', '99', '-1', '1.5', `${foreign}/`])('%j is refused', async (after) => {
    const { request } = await serveNew();
    const { status } = await request(`/changes?after=${encodeURIComponent(after)}`);
    expect([400, 410]).toContain(status);
  });
});

it('says that a database has no change log', async () => {
  const { request } = await serveNew({}, false);
  const answer = await request('/changes');
  expect([answer.status, codeOf(answer)]).toEqual([409, 'NO_CHANGE_LOG']);
});

it.each(['table=nothing', 'rows=yes', 'follow=', 'colour=red'])(
  'refuses ?%s and names what there is',
  async (query) => {
    const { request } = await serveNew();
    const answer = await request(`/changes?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'INVALID_ARGUMENT']);
  },
);

describe('readers', () => {
  it('that take nothing are disconnected, and go on where they were', async () => {
    const served = await serveNew({ limits: { stalledMs: 50, streams: 1 } });
    const receipt = JSON.stringify('x'.repeat(1_000_000));
    const ids = range(1, 12).map(String);
    for (const executionId of ids) {
      await served.database.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt });
    }
    const socket = net.connect(served.server.port, '127.0.0.1').pause();
    const { authorization } = served.authorized;
    socket.write(
      `GET /changes?rows=true HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`,
    );
    await once(socket, 'readable');
    // The only stream is taken until the server has cut it off, which this end has no part in.
    await expect.poll(async () => (await served.request('/changes?follow=false')).status).toBe(200);
    let text = '';
    socket.on('data', (data) => (text += data.toString('latin1'))).on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve).resume());
    const received = [...text.matchAll(/^id: (\S+)\n/gm)].map(([, id = '']) => id);
    expect(received.length).toBeLessThan(ids.length);
    const last = received.at(-1) ?? '';
    const { sequence } = listen(served, '', last);
    await expect.poll(sequence).toEqual(range(Number(last.split('/')[1]) + 1, ids.length));
  });

  it('are bounded in number', async () => {
    const served = await serveNew({ limits: { streams: 2 } });
    const readers = [listen(served), listen(served)];
    await Promise.all(readers.map(({ source }) => once(source, 'open')));
    const answer = await served.request('/changes');
    expect([answer.status, codeOf(answer)]).toEqual([503, 'TOO_MANY_STREAMS']);
    readers[0]?.source.close();
    await expect.poll(async () => (await served.request('/changes?follow=false')).status).toBe(200);
  });
});

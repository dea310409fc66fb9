/** What a synchronisation waits for, and what its waits leave behind. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPersistence } from '@ggen-sim/core';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { backgroundSync, openTarget, removeTarget, runSync, Synchroniser, syncStatus } from '../src/index.ts';
import { save, UNTIL } from './machines.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A timer that waits longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

afterEach(() => vi.restoreAllMocks());

interface Server {
  readonly url: string;
  /** Paths of the requests so far. */
  readonly seen: string[];
}

async function serverThat(
  answers: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<Server> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request.url ?? '');
    request.resume();
    answers(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Durations of the timers that were started since. */
function watchTimers(): () => number[] {
  const started = vi.spyOn(globalThis, 'setTimeout');
  return () => started.mock.calls.map(([, durationMs]) => durationMs ?? 0);
}

it('are not ended by a hub that wants to be asked again in months', async () => {
  const busy = await serverThat((_, response) =>
    response.writeHead(503, { 'retry-after': '10000000' }).end('{}'),
  );
  const timers = watchTimers();
  await using database = await openPersistence({
    storage: 'memory',
    sync: backgroundSync(busy.url, { token: 't', closeTimeoutMs: 10 }),
  });
  // Five minutes at most, of the run and of its stream.
  await expect.poll(() => timers().filter((durationMs) => durationMs === 300_000).length, UNTIL).toBe(2);
  await expect
    .poll(async () => (await database.sync.status()).lastError?.code, UNTIL)
    .toBe('SYNC_UNREACHABLE');
  expect(Math.max(...timers())).toBeLessThanOrEqual(LONGEST_TIMER_MS);
  expect(busy.seen.filter((path) => path.endsWith('/subscribe'))).toHaveLength(1);
});

it('may have no end, and are refused where they are no number', async () => {
  const hub = await serverThat((_, response) => response.writeHead(503).end('{}'));
  const timers = watchTimers();
  await using database = await openPersistence({
    storage: 'memory',
    sync: backgroundSync(hub.url, { token: 't', answerTimeoutMs: Infinity, closeTimeoutMs: Infinity }),
  });
  await expect(database.sync.synchronise()).rejects.toMatchObject({
    code: 'SYNC_UNREACHABLE',
    message: expect.stringContaining('status 503'),
  });
  await database.close();
  expect(timers()).toContain(LONGEST_TIMER_MS);
  expect(Math.max(...timers())).toBe(LONGEST_TIMER_MS);

  for (const name of ['intervalMs', 'closeTimeoutMs', 'answerTimeoutMs']) {
    for (const wrong of [Number.NaN, -1, '5000', null]) {
      expect(() => backgroundSync('http://127.0.0.1:1', { [name]: wrong })).toThrowError(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(name) }),
      );
    }
  }
  await expect(openTarget(hub.url, { answerTimeoutMs: Number.NaN })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  await using another = await openPersistence({ storage: 'memory' });
  const target = await openTarget(hub.url);
  const { signal } = new AbortController();
  await expect(runSync(another, target, { signal, intervalMs: Number.NaN })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

it('between failures grow, also when the interval is none', async () => {
  const hub = await serverThat((_, response) => response.writeHead(503).end('{}'));
  await using database = await openPersistence({ storage: 'memory' });
  const target = await openTarget(hub.url);
  const control = new AbortController();
  const waitsMs: number[] = [];
  await runSync(database, target, {
    signal: control.signal,
    intervalMs: 0,
    onReport: (report) => {
      waitsMs.push('error' in report ? report.retryMs : 0);
      if (waitsMs.length === 3) control.abort();
    },
  });
  // Each is half of what it may be at least.
  expect(waitsMs[0]).toBeGreaterThanOrEqual(100);
  expect(waitsMs[2]).toBeGreaterThanOrEqual(400);
});

it('go on when a callback of the program fails, whose error is uncaught', async () => {
  const uncaught: unknown[] = [];
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    try {
      callback();
    } catch (error) {
      uncaught.push(error);
    }
  });
  const hub = await serverThat((_, response) => response.writeHead(503).end('{}'));
  const failure = new Error('of the program');
  await using database = await openPersistence({
    storage: 'memory',
    sync: backgroundSync(hub.url, {
      token: 't',
      intervalMs: 200,
      closeTimeoutMs: 10,
      onReport: () => {
        throw failure;
      },
    }),
  });
  await expect.poll(() => uncaught.length, UNTIL).toBeGreaterThan(2);
  expect(new Set(uncaught)).toEqual(new Set([failure]));
  await database.close();
});

it('leave nothing in a signal that lasts: `AbortSignal.any` does so with each call in Node 20', async () => {
  const hub = await serverThat((request, response) => {
    if (request.url?.endsWith('/subscribe') === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"position":1}\n\n');
    } else response.end('{"result":"id"}');
  });
  const target = await openTarget(hub.url);
  onTestFinished(() => target.close());
  await using database = await openPersistence({ storage: 'memory' });
  const combined = vi.spyOn(AbortSignal, 'any');
  const { signal } = new AbortController();
  for (let call = 0; call < 3; call++) {
    await target.id();
    const positions: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const position of target.subscribe(signal)) positions.push(position);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
    expect(positions).toEqual([1]);
  }
  expect(combined).not.toHaveBeenCalled();
  // Nor does a run with each of its pauses.
  const control = new AbortController();
  let failures = 0;
  const onReport = (): void => {
    failures++;
    if (failures === 3) control.abort();
  };
  await runSync(database, target, { signal: control.signal, intervalMs: 0, goesOn: true, onReport });
  expect(combined).toHaveBeenCalledTimes(1);
});

it('are over when `stop` has ended: what is removed then does not come back', async () => {
  // It knows its id, and answers nothing else.
  const hub = await serverThat((request, response) => {
    if (request.url?.endsWith('/id') === true) response.end('{"result":"id"}');
  });
  await using database = await openPersistence({ storage: 'memory' });
  const sync = await backgroundSync(hub.url, { token: 't', closeTimeoutMs: 0 }).start(database);
  await save(database, 'a');
  const asked = sync.synchronise();
  asked.catch(() => undefined);
  await expect.poll(() => hub.seen.filter((path) => path.endsWith('/cursor')).length, UNTIL).toBe(2);
  await sync.stop();
  await removeTarget(database);
  await expect(asked).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  expect((await syncStatus(database)).target).toBe(null);
});

it('for a time to note a success again are over when the clock is set back', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2030-01-01') });
  onTestFinished(() => void vi.useRealTimers());
  const target = await openTarget(`${temporaryFolder()}/hub.db`);
  onTestFinished(() => target.close());
  await using database = await openPersistence({ storage: 'memory' });
  const synchroniser = new Synchroniser(database, target);
  await synchroniser.synchronise();
  vi.setSystemTime('2027-01-01');
  await synchroniser.synchronise();
  expect((await syncStatus(database)).lastSuccess).toBe('2027-01-01T00:00:00.000Z');
});

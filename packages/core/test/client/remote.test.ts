/** Connections to a server in particular. The persistence suite runs over one in `persistence-remote.test.ts`. */
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../src/host/remote-host.ts';
import {
  type BackupDirectory,
  type ChangeEvent,
  type ConnectionState,
  type Persistence,
  openPersistence,
} from '../../src/index.ts';
import { decodeMessage, encodeMessage } from '../../src/protocol/message-codec.ts';
import { METHODS, WRITES } from '../../src/protocol/methods.ts';
import { MemoryBackupDirectory } from '../../src/testing/index.ts';
import { auditOf, memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { type LoopbackServer, serveOnLoopback } from '../support/loopback-server.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { describeWorker } from './worker-cases.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
});

const openInProcess = (): Promise<Persistence> => openPersistence({ storage: 'memory', worker: false });

async function serve(
  options: Parameters<typeof serveOnLoopback>[1] = {},
  database?: Persistence,
): Promise<LoopbackServer> {
  const server = await serveOnLoopback(database ?? (await openInProcess()), options);
  servers.push(server);
  return server;
}

const openRemote = async (): Promise<Persistence> =>
  openPersistence({ storage: 'remote', url: (await serve()).url });

describeWorker('a server', openRemote);

/** Connects without the client of this package. */
async function rawSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, [SUBPROTOCOL]);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

/** Sends a call as data of any kind. @returns what the server answers: the value, or the error */
async function rawCall(socket: WebSocket, name: unknown, parameters: unknown): Promise<unknown[]> {
  socket.send(encodeMessage(['call', 1, name, parameters]));
  const [bytes] = (await once(socket, 'message')) as [Buffer];
  return decodeMessage(bytes) as unknown[];
}

/** A stream with all bytes in one chunk. */
function sourceOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Collects what is written to a stream. */
async function bytesOf(
  write: (output: WritableStream<Uint8Array>) => Promise<unknown>,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  await write(new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
  return chunks;
}

/** A stream of the first half of some bytes. What happens then takes the place of its end. */
function halfOf(bytes: Uint8Array, atHalf: () => void): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream({
    pull(controller) {
      if (isSent) return atHalf();
      isSent = true;
      controller.enqueue(bytes.slice(0, bytes.length >> 1));
    },
  });
}

interface Uploaded {
  readonly image: Uint8Array;
  readonly backup: MemoryBackupDirectory;
}

const UPLOADS: readonly {
  readonly what: string;
  readonly upload: (
    db: Persistence,
    uploaded: Uploaded,
    atHalf: () => void,
    signal?: AbortSignal,
  ) => Promise<unknown>;
}[] = [
  {
    what: 'an image',
    upload: (db, { image }, atHalf, signal) =>
      db.importImage({ image: halfOf(image, atHalf), ...(signal && { signal }) }),
  },
  {
    what: 'the inspection of an image',
    upload: (db, { image }, atHalf, signal) =>
      db.inspectImage({ image: halfOf(image, atHalf), ...(signal && { signal }) }),
  },
  {
    what: 'a batch of rows',
    upload: (db, _uploaded, atHalf, signal) => {
      const rows = upTo(100).map((index) =>
        JSON.stringify({ execution_id: `new-${index}`, agent_id: 'a', agent_type: 't', receipt_json: '{}' }),
      );
      const input = halfOf(Buffer.from(rows.join('\n')), atHalf);
      return db.importRows({ table: 'receipts', input, ...(signal && { signal }) });
    },
  },
  {
    what: 'a backup',
    upload: (db, { backup }, atHalf, signal) => {
      const directory: BackupDirectory = {
        name: 'a backup',
        create: (fileName) => backup.create(fileName),
        finish: () => backup.finish(),
        discard: () => Promise.resolve(),
        async open(fileName) {
          const stream = await backup.open(fileName);
          if (fileName !== 'ggen.db' || stream === undefined) return stream;
          return halfOf(new Uint8Array(await new Response(stream).arrayBuffer()), atHalf);
        },
      };
      return db.restoreBackup({ directory, force: true, ...(signal && { signal }) });
    },
  },
];

describe('a server for reading', () => {
  it('refuses every method that writes, and the rows stay as they are', async () => {
    const database = await openInProcess();
    await database.saveReceipt(receiptOf('kept'));
    const server = await serve({ isWritable: false }, database);
    await using db = await openPersistence({ storage: 'remote', url: server.url });
    const socket = await rawSocket(server.url);
    for (const [method, writes] of Object.entries(WRITES)) {
      const kind = METHODS[method as keyof typeof WRITES];
      if (!writes || (kind !== 'call' && kind !== 'operation')) continue;
      const parameters = kind === 'call' ? [method, [{}]] : [method, { options: {} }, 1];
      const answer = await rawCall(socket, kind === 'call' ? 'call' : 'run', parameters);
      expect([method, answer], method).toMatchObject([
        method,
        ['error', 1, { properties: { code: 'READ_ONLY', operation: method } }],
      ]);
    }
    expect(await rejectionOf(db.saveReceipt(receiptOf('new')))).toMatchObject({
      name: 'PersistenceError',
      code: 'READ_ONLY',
      hint: expect.stringContaining('--write'),
    });
    expect(await db.countReceipts()).toBe(1);
    expect((await db.info()).readOnly).toBe(true);
    expect(await db.verify()).toMatchObject({ ok: true });
  });

  it('answers methods that leave the file as it is', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    await db.record({ receipts: [receiptOf('a')], memories: [memoryOf('m')], audits: [auditOf('o')] });
    const before = await db.exportImage();
    const readers: (() => PromiseLike<unknown>)[] = [
      () => db.queryReceipts(),
      () => db.queryMemory(),
      () => db.queryAuditTrail(),
      () => db.stats(),
      () => db.verify(),
      () => db.checkpoint(),
      () => db.historyStatus(),
      () => db.analytics(),
      () => db.timeSeries(),
      () => db.info(),
      () => db.memoryHistory('m').catch(() => undefined),
      () => db.querySql({ sql: 'SELECT 1' }),
      () => db.exportRows({ table: 'receipts', output: new WritableStream() }),
      () => db.exportAuditTrail({ output: new WritableStream() }),
    ];
    for (const read of readers) await read();
    expect(Buffer.compare(await db.exportImage(), before)).toBe(0);
  });
});

describe('a server', () => {
  it('never names files of its computer: operations take streams and directories of the caller', async () => {
    await using db = await openRemote();
    const calls: (() => PromiseLike<unknown>)[] = [
      () => db.exportAuditTrail({ output: '/tmp/x.json' }),
      () => db.exportAuditTrail(),
      () => db.exportRows({ table: 'receipts', output: 'rows.csv' } as never),
      () => db.exportRows({ table: 'receipts' } as never),
      () => db.importRows({ table: 'receipts', input: '/etc/passwd' } as never),
      () => db.exportBackup({ directory: '/tmp/backup' }),
      () => db.exportBackup(),
      () => db.restoreBackup({ directory: '/etc' }),
    ];
    for (const call of calls) {
      expect(await rejectionOf(call()), call.toString()).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('files of the server'),
      });
    }
  });

  it('answers the functions of its list and nothing else that a name could reach', async () => {
    const server = await serve();
    const socket = await rawSocket(server.url);
    for (const name of ['constructor', '__proto__', 'toString', 'close', '', 7, null]) {
      expect(await rawCall(socket, name, [])).toMatchObject(['error', 1, { name: 'TypeError' }]);
    }
    for (const method of [
      'constructor',
      'close',
      'subscribe',
      '__proto__',
      'readChanges',
      'checkForChanges',
    ]) {
      for (const name of ['call', 'run', 'readRows']) {
        expect(await rawCall(socket, name, [method, [], 1])).toMatchObject([
          'error',
          1,
          { name: 'TypeError' },
        ]);
      }
    }
    expect(await rawCall(socket, 'call', 'no list')).toMatchObject(['error', 1, {}]);
    expect(await rawCall(socket, 'call', ['stats', []])).toMatchObject(['value', 1, { receiptsTotal: 0 }]);
  });

  it('does not walk for ever through lists of which each has the next one twice', async () => {
    const socket = await rawSocket((await serve()).url);
    let lists: unknown[] = [];
    for (const _level of upTo(40)) lists = [lists, lists];
    for (const [name, parameters] of [
      ['call', ['stats', lists]],
      ['call', ['saveReceipt', [{ executionId: lists }]]],
      ['call', [lists, []]],
      ['readRows', ['queryReceipts', {}, 1, lists]],
      ['readChanges', [{ limit: lists }]],
      ['run', ['exportBackup', { options: {}, directoryName: lists }, 1]],
      [lists, []],
    ] as const) {
      expect(await rawCall(socket, name, parameters)).toMatchObject(['error', 1, { name: 'TypeError' }]);
    }
  });

  it.each([
    ['no message', Buffer.from('hello')],
    ['a length beyond its end', Buffer.from([255, 255, 255, 255, 0])],
    [
      'bytes beyond its end',
      Buffer.concat([Buffer.from([18, 0, 0, 0]), Buffer.from('[["Bytes",1],[2,3],0,9]')]),
    ],
    ['a text that is not UTF-8', Buffer.from([1, 0, 0, 0, 0xff])],
    ['nothing', Buffer.alloc(0)],
    ['a value that is no list', Buffer.from(encodeMessage(null))],
    ['a call that is no list', Buffer.from(encodeMessage(['call']))],
  ])('survives %s, and goes on for others', async (_what, bytes) => {
    const server = await serve();
    await using db = await openPersistence({ storage: 'remote', url: server.url });
    const socket = await rawSocket(server.url);
    socket.send(bytes);
    socket.send('a text');
    await once(socket, 'close');
    expect((await db.stats()).receiptsTotal).toBe(0);
  });

  it('refuses a call that is larger than it takes, before it is sent; others go on', async () => {
    const server = await serve({ maxMessageBytes: 100_000 });
    await using db = await openPersistence({ storage: 'remote', url: server.url });
    const large = receiptOf('large', { receipt: { text: 'x'.repeat(100_000) } });
    expect(await rejectionOf(db.saveReceipt(large))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('at most 100000'),
    });
    await db.saveReceipt(receiptOf('small'));
    const socket = await rawSocket(server.url);
    socket.send(Buffer.alloc(100_001));
    expect((await once(socket, 'close'))[0]).toBe(1009);
    expect(await db.countReceipts()).toBe(1);
  });

  it('ends what a client was running when it disconnects', async () => {
    const database = await openInProcess();
    await database.logAudits(upTo(2000).map((index) => auditOf(`o-${index}`)));
    const server = await serve({}, database);
    const client = await openPersistence({ storage: 'remote', url: server.url });
    const stalled = new Promise<void>((resolve) => {
      const output = new WritableStream({
        write: () => new Promise(() => resolve()),
      });
      rejectionOf(client.exportAuditTrail({ output })).catch(() => undefined);
    });
    await stalled;
    expect(server.host.connectionCount).toBe(1);
    await server.kill();
    servers.pop();
    await expect.poll(() => server.host.connectionCount).toBe(0);
    expect(await database.countAuditTrail({ since: '2000-01-01' })).toBe(2000);
    await database.close();
  });

  it('takes an image that is larger than a message, and streams with chunks of any size', async () => {
    const server = await serve({ maxMessageBytes: 1_200_000 });
    await using db = await openPersistence({ storage: 'remote', url: server.url });
    const receipt = { text: 'x'.repeat(400_000) };
    for (const index of upTo(6)) await db.saveReceipt(receiptOf(`e-${index}`, { receipt }));
    const image = await db.exportImage();
    expect(image.byteLength).toBeGreaterThan(2 * 1_200_000);
    const lines = Buffer.concat(
      await bytesOf((output) => db.exportRows({ table: 'receipts', output, format: 'ndjson' })),
    );
    await db.reset();
    await db.importImage(image);
    expect(await db.countReceipts()).toBe(6);
    await db.reset();
    await db.importImage({ image: sourceOf(image) });
    expect(await db.countReceipts()).toBe(6);
    await db.reset();
    expect(await db.importRows({ table: 'receipts', input: sourceOf(lines) })).toMatchObject({ rows: 6 });
    expect(await db.verify()).toMatchObject({ ok: true });
  });

  it.each(UPLOADS)('changes nothing by $what whose connection is cut in the middle', async ({ upload }) => {
    const file = createTestDatabase();
    const database = await file.open();
    await database.saveReceipts(upTo(300).map((index) => receiptOf(`old-${index}`)));
    const backup = new MemoryBackupDirectory();
    await database.exportBackup({ directory: backup });
    const image = await database.exportImage();
    await database.saveReceipt(receiptOf('kept'));
    const before = fs.readFileSync(file.file);
    const server = await serve({}, database);
    await using db = await openPersistence({ storage: 'remote', url: server.url });
    const pending = upload(db, { image, backup }, () => void server.kill());
    expect(await rejectionOf(pending)).toMatchObject({ code: 'CONNECTION_LOST' });
    servers.splice(0);
    // What is asked next waits for what runs before it.
    expect(await database.countReceipts()).toBe(301);
    expect(fs.readFileSync(file.file).equals(before)).toBe(true);
    await database.saveReceipt(receiptOf('after'));
    expect(await database.verify()).toMatchObject({ ok: true });
  });

  it.each(UPLOADS)('changes nothing by $what that is aborted in the middle', async ({ upload }) => {
    const database = await openInProcess();
    await database.saveReceipts(upTo(300).map((index) => receiptOf(`old-${index}`)));
    const backup = new MemoryBackupDirectory();
    await database.exportBackup({ directory: backup });
    const image = await database.exportImage();
    await database.saveReceipt(receiptOf('kept'));
    const server = await serve({}, database);
    await using db = await openPersistence({ storage: 'remote', url: server.url });
    const stop = new AbortController();
    const pending = upload(db, { image, backup }, () => stop.abort('enough'), stop.signal);
    expect(await rejectionOf(pending)).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(await db.countReceipts()).toBe(301);
    await db.saveReceipt(receiptOf('after'));
    expect(await db.verify()).toMatchObject({ ok: true });
  });

  it.each([['a text'], [7], [null], [[1, 2]], [{ length: 4 }]])(
    'refuses %j in place of the bytes that it asks for, and changes nothing',
    async (answer) => {
      const server = await serve();
      await using db = await openPersistence({ storage: 'remote', url: server.url });
      await db.saveReceipt(receiptOf('kept'));
      for (const [method, options] of [
        ['importImage', {}],
        ['inspectImage', {}],
        ['importRows', { table: 'receipts' }],
      ] as const) {
        const socket = await rawSocket(server.url);
        const result = new Promise<unknown>((resolve) => {
          socket.on('message', (bytes: Buffer) => {
            const [kind, id, name] = decodeMessage(bytes) as [string, number, string];
            if (kind !== 'call') resolve(decodeMessage(bytes));
            else if (name === 'readChunk') socket.send(encodeMessage(['value', id, answer]));
          });
        });
        socket.send(encodeMessage(['call', 1, 'run', [method, { options, inputSource: 0 }, 1]]));
        expect(await result, method).toMatchObject([
          'error',
          1,
          { message: expect.stringContaining('no Uint8Array'), properties: { code: 'IO_ERROR' } },
        ]);
      }
      expect(await db.countReceipts()).toBe(1);
    },
  );

  it('reports the commits of one client to the others', async () => {
    const server = await serve();
    await using first = await openPersistence({ storage: 'remote', url: server.url });
    await using second = await openPersistence({ storage: 'remote', url: server.url });
    const heard = new Promise((resolve) => void second.subscribe(resolve));
    await first.saveReceipt(receiptOf('a'));
    expect(await heard).toMatchObject({ tables: ['receipts'] });
  });
});

describe('a token', () => {
  it('is asked for: without it, and with another one, opening is UNAUTHORIZED', async () => {
    const { url } = await serve({ token: 'right-token_1' });
    for (const token of [undefined, 'right-token_', 'Right-token_1']) {
      const options = token === undefined ? {} : { token };
      const error = await rejectionOf(openPersistence({ storage: 'remote', url, ...options }));
      expect(error).toMatchObject({ code: 'UNAUTHORIZED', operation: 'open' });
      expect(JSON.stringify(error)).not.toContain('oken_');
    }
    await using db = await openPersistence({ storage: 'remote', url, token: 'right-token_1' });
    expect((await db.stats()).receiptsTotal).toBe(0);
  });

  it('and a URL that cannot be one are refused by name, and the token is not repeated', async () => {
    for (const options of [{ url: 'file:///etc' }, { url: 'no url' }, { url: 7 }, {}]) {
      expect(await rejectionOf(openPersistence({ storage: 'remote', ...options } as never))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('url'),
      });
    }
    const url = 'ws://127.0.0.1:1';
    const error = await rejectionOf(
      openPersistence({ storage: 'remote', url, token: `secret ${'x'.repeat(512)}` }),
    );
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).not.toContain('secret');
  });
});

describe('a server that ends', () => {
  it('is CONNECTION_LOST for pending and later calls, is reported, and is found again when it is back', async () => {
    const file = createTestDatabase();
    const server = await serve({ token: 't' }, await file.open());
    const states: ConnectionState[] = [];
    const { url, port } = server;
    await using db = await openPersistence({
      storage: 'remote',
      url,
      token: 't',
      onConnection: (state) => void states.push(state),
    });
    const events: ChangeEvent[] = [];
    const following = (async () => {
      for await (const event of db.changes({ follow: true, limit: 2 })) events.push(event);
    })();
    await db.saveReceipt(receiptOf('acknowledged'));
    await expect.poll(() => events.length).toBe(1);
    const stop = new AbortController();
    const pending = rejectionOf(
      db.exportAuditTrail({
        output: new WritableStream({ close: () => new Promise(() => stop.abort()) }),
      }),
    );
    await once(stop.signal, 'abort');
    await server.kill();
    servers.pop();
    expect(await pending).toMatchObject({ code: 'CONNECTION_LOST', operation: 'exportAuditTrail' });
    await expect.poll(() => states.at(-1)).toMatchObject({ isConnected: false, isRetrying: true });
    expect(await rejectionOf(db.stats())).toMatchObject({
      name: 'PersistenceError',
      code: 'CONNECTION_LOST',
      operation: 'stats',
    });
    await (await file.open()).saveReceipt(receiptOf('meanwhile'));
    const told = new Promise<unknown>((resolve) => void db.subscribe(resolve));
    await serve({ token: 't', port }, await file.open());
    expect(await told).toMatchObject({ tables: ['receipts', 'agent_memory', 'audit_log'] });
    expect(states.at(-1)).toEqual({ isConnected: true });
    expect(await db.countReceipts()).toBe(2);
    await following;
    expect(events.map(({ data }) => data.seq)).toEqual([1, 2]);
  });

  it('and comes back with another token is UNAUTHORIZED, and is not asked again', async () => {
    const server = await serve({ token: 'first' });
    const states: ConnectionState[] = [];
    const options = { storage: 'remote', url: server.url, token: 'first' } as const;
    await using db = await openPersistence({ ...options, onConnection: (state) => void states.push(state) });
    await server.kill();
    servers.pop();
    await serve({ token: 'second', port: server.port });
    await expect.poll(() => states.at(-1)).toMatchObject({ isConnected: false, isRetrying: false });
    expect(await rejectionOf(db.stats())).toMatchObject({ code: 'UNAUTHORIZED', operation: 'stats' });
  });

  it('is CONNECTION_LOST when there is none', async () => {
    const server = await serve();
    await server.kill();
    servers.pop();
    expect(await rejectionOf(openPersistence({ storage: 'remote', url: server.url }))).toMatchObject({
      code: 'CONNECTION_LOST',
      operation: 'open',
    });
  });
});

/** How other processes find the server of a database: state files that are old, of others, or written at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createState, readState } from '../src/discovery/state-file.ts';
import { findServer, scopedTokensOfFile, serveDatabase, stopServer, tokenOfFile } from '../src/index.ts';
import { createFolder, serveNew } from './support/served-database.ts';

describe('state file', () => {
  it('names the server, to its owner alone, also by another name of the database', async () => {
    const { server, file, folder } = await serveNew();
    const link = path.join(folder, 'link.db');
    fs.symlinkSync(file, link);
    expect(await findServer(link)).toMatchObject({
      url: server.url,
      token: server.token,
      processId: process.pid,
    });
    expect(fs.statSync(`${file}-serve.json`).mode & 0o777).toBe(0o600);
    expect(server.stateFile).toBe(`${file}-serve.json`);
  });

  it('lets one server serve a database, of several that start at once', async () => {
    const file = path.join(createFolder(), 'ggen.db');
    const databases = await Promise.all(
      [1, 2, 3, 4].map(() => openPersistence({ storage: 'file', path: file })),
    );
    const started = await Promise.allSettled(databases.map((database) => serveDatabase(database)));
    const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(servers).toHaveLength(1);
    for (const result of started) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALREADY_SERVED' });
    }
    expect((await findServer(file))?.url).toBe(servers[0]?.url);
    await servers[0]?.stop();
    for (const database of databases) await database.close();
    expect(fs.readdirSync(path.dirname(file))).toEqual(['ggen.db']);
  });

  it.each([
    ['of a server that was killed', JSON.stringify({ url: 'http://127.0.0.1:9' })],
    ['that is no JSON', '{'],
    ['that is empty', ''],
    ['of another form', '{"instance":1}'],
    ['that is null', 'null'],
  ])('%s counts as none and is replaced', async (_, text) => {
    const { file, server } = await serveNew();
    const state: unknown = JSON.parse(fs.readFileSync(`${file}-serve.json`, 'utf8'));
    await server.stop();
    const old = text.startsWith('{"url')
      ? JSON.stringify({ ...(state as object), ...JSON.parse(text) })
      : text;
    fs.writeFileSync(`${file}-serve.json`, old, { mode: 0o600 });
    expect(await findServer(file)).toBeUndefined();
    const next = await serveDatabase(await openPersistence({ storage: 'file', path: file }));
    onTestFinished(() => next.stop());
    expect((await findServer(file))?.url).toBe(next.url);
  });

  it('of a server in whose place another one listens counts as none', async () => {
    const [one, other] = [await serveNew(), await serveNew()];
    const state = JSON.parse(fs.readFileSync(`${one.file}-serve.json`, 'utf8')) as object;
    await one.server.stop();
    const moved = JSON.stringify({ ...state, url: other.server.url });
    fs.writeFileSync(`${one.file}-serve.json`, moved, { mode: 0o600 });
    expect(await findServer(one.file)).toBeUndefined();
  });

  it('that was copied with its database counts as none, and is replaced', async () => {
    const { file, server } = await serveNew();
    const folder = path.join(createFolder(), 'copy');
    fs.cpSync(path.dirname(file), folder, { recursive: true });
    const copy = path.join(folder, path.basename(file));
    expect(await findServer(copy)).toBeUndefined();
    await expect(stopServer(copy)).rejects.toMatchObject({ code: 'NOT_SERVED' });
    const other = await serveDatabase(await openPersistence({ storage: 'file', path: copy }));
    onTestFinished(() => other.stop());
    expect((await findServer(copy))?.url).toBe(other.url);
    expect((await findServer(file))?.url).toBe(server.url);
  });

  it('of a server with no free connection does not count as none; of one that refuses requests, it is found', async () => {
    const { file, server, request } = await serveNew({
      limits: { connections: 1, publicRequestsPerSecond: 1e-6 },
    });
    expect((await request('/healthz')).status).toBe(429);
    expect((await findServer(file))?.url).toBe(server.url);
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    await expect(findServer(file)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
    await using database = await openPersistence({ storage: 'file', path: file });
    await expect(serveDatabase(database)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
    expect(readState(`${file}-serve.json`)?.url).toBe(server.url);
    socket.destroy();
  });

  it('leads to a server whose database another process holds', async () => {
    const { file, server, request } = await serveNew({ limits: { healthMs: 20 } });
    const holder = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.write("BEGIN EXCLUSIVE;\nSELECT 'held';\n");
    await once(holder.stdout, 'data');
    const { status, text } = await request('/healthz');
    expect([status, JSON.parse(text)]).toEqual([
      503,
      { status: 'unavailable', instance: readState(`${file}-serve.json`)?.instance, code: 'TIME_LIMIT' },
    ]);
    expect((await findServer(file))?.url).toBe(server.url);
    holder.stdin.end();
    await once(holder, 'close');
    await expect.poll(async () => (await request('/healthz')).status).toBe(200);
  });

  it('is created once where the file system has no links', () => {
    const file = path.join(createFolder(), 'state.json');
    const link = (): never => {
      throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
    };
    const [instance, url, database, startedAt] = ['i', 'u', 'd', 's'];
    const state = {
      instance,
      url,
      database,
      startedAt,
      processId: 1,
      token: null,
      certificateSha256: null,
    };
    expect(createState(file, state, link)).toBe(true);
    expect(createState(file, { ...state, instance: 'other' }, link)).toBe(false);
    expect(readState(file)).toEqual(state);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['state.json']);
  });

  it('that others could have written is refused, and so is a link', async () => {
    const { file, server, folder } = await serveNew();
    await server.stop();
    const stateFile = `${file}-serve.json`;
    fs.writeFileSync(stateFile, '{}');
    for (const mode of [0o640, 0o620, 0o604, 0o602]) {
      fs.chmodSync(stateFile, mode);
      await expect(findServer(file)).rejects.toMatchObject({ code: 'STATE_FILE_REFUSED' });
    }
    fs.rmSync(stateFile);
    fs.mkdirSync(stateFile, { mode: 0o700 });
    await expect(findServer(file)).rejects.toMatchObject({ code: 'STATE_FILE_REFUSED' });
    fs.rmdirSync(stateFile);
    fs.writeFileSync(path.join(folder, 'elsewhere'), 'kept', { mode: 0o600 });
    fs.symlinkSync(path.join(folder, 'elsewhere'), stateFile);
    await using database = await openPersistence({ storage: 'file', path: file });
    await expect(serveDatabase(database)).rejects.toMatchObject({ code: 'STATE_FILE_REFUSED' });
    expect(fs.readFileSync(path.join(folder, 'elsewhere'), 'utf8')).toBe('kept');
    expect((await database.stats()).receiptsTotal).toBe(0);
  });
});

it('a port in use is an error that leaves the database open', async () => {
  const { server } = await serveNew();
  await using database = await openPersistence({ storage: 'memory' });
  await expect(serveDatabase(database, { port: server.port })).rejects.toMatchObject({
    code: 'ADDRESS_UNAVAILABLE',
  });
  expect((await database.stats()).receiptsTotal).toBe(0);
});

// Only root can make what another user would have left there.
it.runIf(process.getuid?.() === 0)(
  'a state file of another user is refused, and nothing is sent to it',
  async () => {
    const { file, server } = await serveNew();
    fs.chownSync(`${file}-serve.json`, 65_534, 65_534);
    for (const asked of [findServer(file), stopServer(file)])
      await expect(asked).rejects.toMatchObject({ code: 'STATE_FILE_REFUSED' });
    fs.chownSync(`${file}-serve.json`, 0, 0);
    expect((await findServer(file))?.url).toBe(server.url);
  },
);

describe('token file', () => {
  it('with scopes has a line for each token, and is refused where one is wrong', () => {
    const file = path.join(createFolder(), 'tokens');
    const write = (text: string, mode: number = 0o600): void => {
      fs.rmSync(file, { force: true });
      fs.writeFileSync(file, text, { mode });
    };
    const [one, other, third] = ['1'.repeat(32), '2'.repeat(32), '3'.repeat(32)];
    const isTenant = (name: string): boolean => /^[a-z.]+$/.test(name);
    write(`# who it is\n\npush,pull  ${one}\tlaptop of Ada\r\n pull ${other}\npull@acme.eu ${third}`);
    expect(scopedTokensOfFile(file, ['push', 'pull'], isTenant)).toEqual([
      { token: one, scopes: ['push', 'pull'] },
      { token: other, scopes: ['pull'] },
      { token: third, scopes: ['pull'], tenant: 'acme.eu' },
    ]);
    // Without tenants, a line that names one would else be good for everything.
    expect(() => scopedTokensOfFile(file, ['push', 'pull'])).toThrow('line 5: what is after the @');
    for (const [text, mode, reason] of [
      [`pull ${one}`, 0o644, 'others can read it'],
      [`pull ${one}\nstop ${other}`, 0o600, 'line 2: it begins with push, pull'],
      [one, 0o600, 'line 1: it begins with'],
      [`pull@ ${one}`, 0o600, 'line 1: what is after the @ is no name'],
      [`pull@a@b ${one}`, 0o600, 'line 1: what is after the @ is no name'],
      [`pull@ä ${one}`, 0o600, 'line 1: what is after the @ is no name'],
      [`pull@a ${one}\n\npull@b ${one} of both`, 0o600, 'line 3: its token is that of line 1'],
      [`pull ${one}\n\npull short`, 0o600, 'line 3: a token is'],
      ['# none', 0o600, 'it has no token'],
    ] as const) {
      write(text, mode);
      expect(() => scopedTokensOfFile(file, ['push', 'pull'], isTenant)).toThrow(
        expect.objectContaining({ code: 'TOKEN_FILE_REFUSED', message: expect.stringContaining(reason) }),
      );
    }
    fs.rmSync(file);
    expect(() => scopedTokensOfFile(file, ['pull'])).toThrow('it does not exist');
  });

  it('is created once for its owner alone, and read from then on', () => {
    const file = path.join(createFolder(), 'token');
    const token = tokenOfFile(file);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(tokenOfFile(file)).toBe(token);
  });

  it.each([
    ['is short', 'secret\n', 0o600],
    ['has spaces', `${'a b '.repeat(20)}\n`, 0o600],
    ['is empty', '', 0o600],
    ['others can read', `${'a'.repeat(43)}\n`, 0o640],
  ])('that %s is refused', (_, text, mode) => {
    const file = path.join(createFolder(), 'token');
    fs.writeFileSync(file, text);
    fs.chmodSync(file, mode);
    expect(() => tokenOfFile(file)).toThrow(expect.objectContaining({ code: 'TOKEN_FILE_REFUSED' }));
    expect(fs.readFileSync(file, 'utf8')).toBe(text);
  });

  it('that is a folder, or in none, is refused', () => {
    const folder = createFolder();
    for (const file of [folder, path.join(folder, 'none', 'token')])
      expect(() => tokenOfFile(file)).toThrow(expect.objectContaining({ code: 'TOKEN_FILE_REFUSED' }));
  });
});

/** Calls that a running `serve` answers: the same to the last byte, never by the wrong server, and lost by none that ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { programPath } from './built-program.ts';
import { parseRows, Sandbox, type Finished, type RunOptions } from './run-cli.ts';

const children: ChildProcess[] = [];
const impostors: Server[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const impostor of impostors.splice(0)) impostor.close();
});

/** Starts a server, and returns when it has printed its address. */
async function serve(sandbox: Sandbox, ...words: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [programPath, 'serve', ...words], { cwd: sandbox.directory });
  children.push(child);
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
  await expect.poll(() => stdout, { timeout: 60_000 }).toMatch(/^\}/m);
  return child;
}

/** Runs a call that cannot open the file itself: there is no WebAssembly in its process. */
function byServer(sandbox: Sandbox, words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return sandbox.spawn(process.execPath, ['--no-expose-wasm', programPath, ...words], options);
}

const NOT_BY_SERVER = expect.objectContaining({
  stderr: expect.stringContaining('WebAssembly is not defined') as string,
}) as Finished;

/** Answers at the socket of a database as a test says. */
async function impersonate(
  sandbox: Sandbox,
  {
    version = packageJson.version,
    isGone = true,
  }: { readonly version?: string; readonly isGone?: boolean } = {},
): Promise<string[]> {
  const heard: string[] = [];
  const { dev, ino } = statSync(sandbox.databasePath, { bigint: true });
  const impostor = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${JSON.stringify({ version, device: String(dev), inode: String(ino) })}\n`);
    socket.on('data', (data) => {
      heard.push(String(data));
      if (isGone) socket.destroy();
    });
  });
  impostors.push(impostor);
  const path = `${sandbox.databasePath}-serve.sock`;
  await new Promise<void>((resolve) => void impostor.listen(path, resolve));
  chmodSync(path, 0o600);
  return heard;
}

/** Replaces what differs between two databases: ids that are random, times and their folder. */
function comparable(sandbox: Sandbox, { exitCode, stdout, stderr }: Finished): Finished {
  const same = (text: string): string =>
    text
      .replaceAll(sandbox.directory, '/sandbox')
      .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}/gu, 'UUID')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/gu, 'TIME')
      .replaceAll(/"next_cursor":"\w+/gu, '"next_cursor":"CURSOR');
  return { exitCode, stdout: same(stdout), stderr: same(stderr) };
}

const LATIN_1 = Uint8Array.from([0x22, 0xe9, 0x22]);

const CALLS: readonly (readonly [readonly string[], RunOptions?])[] = [
  [['save-receipt', 'e-1', 'agent-1', 'validation', '{"ü":"\u{1F600}"}', 'success', '12']],
  [['save-receipt', 'e-1', 'agent-1', 'validation', '{"other":1}']],
  [['save-receipt', 'e-2', 'agent-1', 'validation', '-', '--format', 'json'], { input: '{"piped":\n1}' }],
  [['save-receipt', 'e-3', 'agent-1', 'validation', '-'], { input: '{"cut":' }],
  [['save-receipt', 'e-3', 'agent-1', 'validation', '-'], { input: LATIN_1 }],
  [['save-receipt', 'e-3', 'agent-1', 'validation', '-'], {}],
  [['save-receipt', 'e-3', 'agent-1', 'validation', '{}', 'succes']],
  [['save-receipt', 'e-3', 'agent-1', 'validation', '{}', '--nonsense']],
  [['save-receipt', 'e-3', '--agent-id', 'a', 'b', 'validation', '{}']],
  [['save-receipt']],
  [['save-memory', 'agent-1', 'validation', '{"n":1}', '--format=json']],
  [['save-memory', 'agent-1', 'validation', '{"n":2}', '--format=json']],
  [['get-memory', 'agent-1']],
  [['get-memory', 'agent-1', '--version', '1']],
  [['get-memory', 'agent-1', '--version', '9']],
  [['get-memory', 'agent-2']],
  [['log-audit', 'agent-1', 'render', 'failed', '', '7', "it's", '--db']],
  [
    [
      'log-audit',
      'agent-1',
      'render',
      'failed',
      '',
      '7',
      '\u001B[31mred',
      '; rm -rf /',
      '--db',
      'workspace/.ggen/ggen.db',
    ],
  ],
  [['get-receipt', '--execution-id', 'e-2']],
  [['get-receipt', 'abc']],
  [['get-receipt', '0000', '--execution-id', 'e-1']],
  [['query-receipts', '--format', 'table']],
  [['query-receipts', 'agent-%', 'csv', '1']],
  [['query-receipts', '--where', "'$.n > '"]],
  [['query-receipts', '--with-cursor', '--limit', '1', '--raw']],
  [['query-receipts', '*', 'table', '--text', 'nowhere']],
  [['query-memory']],
  [['query-audit-trail', '--count']],
  [['query-audit-trail', '--raw', '--format', 'ndjson', '--db=workspace/.ggen/ggen.db']],
];

describe('a call that a server answers', () => {
  it('has the output and the exit code that it has without one', async () => {
    const [served, alone] = [new Sandbox(), new Sandbox()];
    for (const sandbox of [served, alone]) await sandbox.db('save-receipt', 'e-0', 'a', 't', '{}');
    await serve(served, '--write');
    for (const [words, options] of CALLS) {
      const line = ['db', ...words];
      const expected = comparable(alone, await alone.run(line, options));
      expect([line, comparable(served, await byServer(served, line, options))]).toEqual([line, expected]);
    }
    expect(await served.db('query-audit-trail')).toContain('rm -rf');
  });

  it('finds it from other folders and by links, and writes what the shell redirects', async () => {
    const sandbox = new Sandbox();
    await sandbox.db('save-receipt', 'e-0', 'a', 't', '{"n":0}');
    await serve(sandbox, '--write');
    symlinkSync(sandbox.databasePath, join(sandbox.directory, 'link.db'));
    expect(
      await byServer(sandbox, ['db', 'get-receipt', '--db', 'link.db', '--execution-id', 'e-0']),
    ).toEqual({
      exitCode: 0,
      stdout: '{"n":0}\n',
      stderr: '',
    });
    const script = `
      call() { '${process.execPath}' --no-expose-wasm '${programPath}' db "$@"; }
      cd /; export DB_DIR='${sandbox.directory}/workspace/.ggen'
      call get-receipt --execution-id e-0 > "$DB_DIR/out"; cat "$DB_DIR/out"
      call get-receipt --execution-id e-0 >> "$DB_DIR/ggen.db"; echo $?
      call get-receipt --execution-id e-0 > /dev/full; echo $?
      call query-receipts | true; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = await sandbox.shell(script);
    expect(stdout).toBe('{"n":0}\n64\n1\n0\n');
    expect(stderr).toMatch(
      /^error\[INVALID_ARGUMENT\]: Standard output is redirected[^\n]*\nerror\[IO_ERROR\]: Standard output: no space left on device\.\n$/,
    );
  });
});

describe('a call that opens the file itself', () => {
  const call = ['db', 'get-receipt', '--execution-id', 'e-0'];
  const databaseWithReceipt = async (): Promise<Sandbox> => {
    const sandbox = new Sandbox();
    await sandbox.db('save-receipt', 'e-0', 'a', 't', '{}');
    return sandbox;
  };

  it.each([
    ['only reads', []],
    ['writes as one agent', ['--write', '--agent', 'coder']],
  ])('does so where the server %s', async (_, options) => {
    const sandbox = await databaseWithReceipt();
    await serve(sandbox, ...options);
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
  });

  it('does so where the database is encrypted', async () => {
    const sandbox = new Sandbox();
    writeFileSync(join(sandbox.directory, 'key'), 'ab'.repeat(32), { mode: 0o600 });
    await sandbox.run(['start', '--encrypt', '--key-file', 'key']);
    await serve(sandbox, '--write', '--key-file', 'key');
    expect(existsSync(`${sandbox.databasePath}-serve.sock`)).toBe(false);
    const { stderr } = await sandbox.runProcess(['db', 'query-receipts']);
    expect(stderr).toContain('error[KEY_REQUIRED]');
  });

  it('does so for another file, when it is told to, or with what only it can do', async () => {
    const sandbox = await databaseWithReceipt();
    await serve(sandbox, '--write');
    const off = { environment: { GGEN_SIM_SERVE: 'off' } };
    expect(await byServer(sandbox, call, off)).toEqual(NOT_BY_SERVER);
    const withKey = { environment: { GGEN_SIM_KEY: 'secret' } };
    expect(await byServer(sandbox, call, withKey)).toEqual(NOT_BY_SERVER);
    const withEmptyKey = await sandbox.runProcess(call, { environment: { GGEN_SIM_KEY: '' } });
    expect([withEmptyKey.exitCode, withEmptyKey.stderr]).toEqual([
      64,
      expect.stringContaining('GGEN_SIM_KEY is empty'),
    ]);
    copyFileSync(sandbox.databasePath, join(sandbox.directory, 'copy.db'));
    expect(await byServer(sandbox, [...call, '--db', 'copy.db'])).toEqual(NOT_BY_SERVER);
    // The value of another option looks like --db: the server is asked, and declines.
    const misread = ['db', 'log-audit', 'a', 'render', 'failed', '--details', '--db', '--db', 'copy.db'];
    expect((await sandbox.runProcess(misread)).exitCode).toBe(0);
    expect(await sandbox.db('query-audit-trail', '--count')).toBe('0\n');
    expect(await sandbox.db('query-audit-trail', '--count', '--db', 'copy.db')).toBe('1\n');
    const socket = `${sandbox.databasePath}-serve.sock`;
    for (const mode of [0o660, 0o606]) {
      chmodSync(socket, mode);
      expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
    }
    chmodSync(socket, 0o600);
    expect((await byServer(sandbox, call)).exitCode).toBe(0);
    renameSync(join(sandbox.directory, 'copy.db'), sandbox.databasePath);
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
  });

  // Only root can make what another user would have left there.
  it.runIf(process.getuid?.() === 0)('does so where the socket is of another user, or is none', async () => {
    const sandbox = await databaseWithReceipt();
    const heard = await impersonate(sandbox, { isGone: false });
    const socket = `${sandbox.databasePath}-serve.sock`;
    chownSync(socket, 65_534, 65_534);
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
    // A link that leads to a socket of this user, where another one chose which.
    chownSync(socket, 0, 0);
    renameSync(socket, `${socket}.moved`);
    symlinkSync(`${socket}.moved`, socket);
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
    expect(heard).toEqual([]);
  });

  it('does so where the server is stopped, has been killed, or is of another version', async () => {
    const sandbox = await databaseWithReceipt();
    const child = await serve(sandbox, '--write');
    child.kill('SIGSTOP');
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(`${sandbox.databasePath}-serve.sock`)).toBe(true);
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
    const next = await serve(sandbox, '--write');
    expect((await byServer(sandbox, call)).exitCode).toBe(0);
    await sandbox.run(['serve', 'stop']);
    await once(next, 'exit');
    expect(existsSync(`${sandbox.databasePath}-serve.sock`)).toBe(false);
    const heard = await impersonate(sandbox, { version: '0.0.0' });
    expect(await byServer(sandbox, call)).toEqual(NOT_BY_SERVER);
    expect(heard).toEqual([]);
  });
});

describe('a server that is told what no call would tell it', () => {
  /** Says something at the socket, and returns all that the server says after its greeting. */
  const say = async (sandbox: Sandbox, line: string): Promise<string> => {
    const socket = connect(`${sandbox.databasePath}-serve.sock`);
    socket.setEncoding('utf8').write(`${line}\n`);
    let heard = '';
    for await (const text of socket as AsyncIterable<string>) heard += text;
    return heard.slice(heard.indexOf('\n') + 1);
  };

  it('does nothing, and stays', async () => {
    const sandbox = new Sandbox();
    await sandbox.db('save-receipt', 'e-0', 'a', 't', '{}');
    await sandbox.db('init', '--db', 'other.db');
    await serve(sandbox, '--write');
    const asked = (words: readonly string[]): Promise<string> =>
      say(
        sandbox,
        JSON.stringify({
          words,
          environment: {},
          currentDirectory: sandbox.directory,
          terminal: { hasColors: false },
          isTerminal: false,
        }),
      );
    const declined = '{"declined":true}\n';
    const save = ['db', 'save-receipt', 'e-1', 'a', 't', '{}'];
    for (const words of [
      ['db', 'reset', '--yes'],
      ['db', 'export', 'receipts', 'ndjson', 'stolen.ndjson'],
      ['serve', 'stop'],
      [],
      [...save, '--db', 'other.db'],
      [...save, '--key-file', 'other.db'],
    ])
      expect([words, await asked(words)]).toEqual([words, declined]);
    for (const line of ['no JSON', 'null', '1', '{}', '{"words":"db"}'])
      expect(['', declined], line).toContain(await say(sandbox, line));
    expect(existsSync(join(sandbox.directory, 'stolen.ndjson'))).toBe(false);
    expect(await sandbox.db('query-receipts', '--count', '--db', 'other.db')).toBe('0\n');
    expect(await asked(save)).toMatch(/^\{"stdout":"[^}]+\}\n\{"exitCode":0\}\n$/);
    expect(await sandbox.db('query-receipts', '--count')).toBe('2\n');
  });
});

describe('a server that ends before it answers', () => {
  it('leaves a save unknown, and repeats what can be repeated', async () => {
    const sandbox = new Sandbox();
    await sandbox.db('save-receipt', 'e-0', 'a', 't', '{}');
    const heard = await impersonate(sandbox);
    const save = ['db', 'save-receipt', 'e-1', 'a', 't', '{}'];
    expect(await sandbox.runProcess(save)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error\[SERVER_LOST\]: .* not known whether this is saved/) as string,
    });
    expect((await sandbox.runProcess([...save, '--if-absent'])).exitCode).toBe(0);
    expect((await sandbox.runProcess(['db', 'query-receipts', '--count'])).stdout).toBe('2\n');
    expect(heard).toHaveLength(3);
  });

  it.each([
    ['killed', (child: ChildProcess) => void child.kill('SIGKILL')],
    ['stopped', (child: ChildProcess) => void child.kill('SIGTERM')],
  ])('stores each acknowledged save once, and nothing twice, when it is %s', async (how, end) => {
    const sandbox = new Sandbox();
    await sandbox.db('save-receipt', 'e-0', 'a', 't', '{}');
    const child = await serve(sandbox, '--write');
    let ended = 0;
    const log = async (index: number): Promise<Finished> => {
      const call = await sandbox.runProcess(['db', 'log-audit', 'a', `operation-${index}`, 'completed']);
      if (++ended === 4) end(child);
      return call;
    };
    const calls: Finished[] = [];
    // Four at a time: some are answered, some are running and some have not begun when the server ends.
    await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        for (let index = lane; index < 12; index += 4) calls[index] = await log(index);
      }),
    );
    const rows = parseRows(await sandbox.db('query-audit-trail', '--limit', '100'));
    for (const [index, { exitCode, stderr }] of calls.entries()) {
      const stored = rows.filter(({ operation }) => operation === `operation-${index}`).length;
      if (exitCode === 0) expect([index, stored]).toEqual([index, 1]);
      else expect([how, stderr.slice(0, 19), stored <= 1]).toEqual(['killed', 'error[SERVER_LOST]:', true]);
    }
  });
});

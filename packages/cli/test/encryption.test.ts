/** Encrypted databases: every source of the key, what is refused, and that no output has a key. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (...parts: string[]): string => join(sandbox.directory, ...parts);
const DIGITS = randomBytes(32).toString('hex');
const PASSPHRASE = 'correct horse battery staple';
const SECRET = 'plain words of a receipt';

/** Writes a key file that only its owner can read. */
function keyFile(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content, { mode: 0o600 });
  return name;
}

const KEYED = ['--db', 'keyed.db', '--key-file', 'ggen.key'];
const statusBy = async (
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<unknown> => {
  const { exitCode, stdout, stderr } = await sandbox.run(['status', ...words], { environment });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return (JSON.parse(stdout) as Record<string, unknown>)['encryption'];
};

/** Runs a command that fails with this code and text, changes nothing and shows no key. Returns its standard output. */
async function refused(
  words: readonly string[],
  code: string,
  text: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const before = readFileSync(at('keyed.db'));
  const finished = await sandbox.run(words, { environment });
  expect(finished.stderr).toContain(`error[${code}]: `);
  expect(finished.stderr).toContain(text);
  expect(finished.exitCode).toBe(code === 'USAGE' ? 64 : 1);
  for (const secret of [DIGITS, DIGITS.slice(0, 16), PASSPHRASE])
    expect(finished.stdout + finished.stderr).not.toContain(secret);
  expect(readFileSync(at('keyed.db')).equals(before)).toBe(true);
  return finished.stdout;
}

beforeAll(async () => {
  keyFile('ggen.key', `${DIGITS}\n`);
  await sandbox.db('init', ...KEYED);
  await sandbox.db('save-receipt', 'exec-1', 'agent-1', 'validation', `{"text":"${SECRET}"}`, ...KEYED);
});

it('says how a database is encrypted', async () => {
  const { stderr } = await sandbox.run(['db', 'init', ...KEYED]);
  expect(stderr).toMatch(/^Database ready: .*keyed\.db \(schema version \d+, encrypted: SQLCipher 4\)\n$/u);
});

it('keeps what is saved from those without the key', () => {
  expect(readFileSync(at('keyed.db')).includes(SECRET)).toBe(false);
});

describe('the key is taken from', () => {
  it.each([
    ['64 digits in a file', ['--key-file', 'ggen.key'], {}],
    ['32 bytes in a file', ['--key-file', 'raw.key'], {}],
    ['32 bytes and a newline in a file', ['--key-file', 'raw-line.key'], {}],
    ['64 digits in the variable', [], { GGEN_SIM_KEY: DIGITS.toUpperCase() }],
    ["SQLCipher's notation in the variable", [], { GGEN_SIM_KEY: `x'${DIGITS}'` }],
    ['a command', ['--key-command', 'cat ggen.key'], {}],
    ['the option rather than the variable', ['--key-file=ggen.key'], { GGEN_SIM_KEY: PASSPHRASE }],
  ])('%s', async (_, words, environment) => {
    keyFile('raw.key', Buffer.from(DIGITS, 'hex'));
    keyFile('raw-line.key', Buffer.from(`${DIGITS}0a`, 'hex'));
    expect(await statusBy(['--db', 'keyed.db', ...words], environment)).toBe('SQLCipher 4');
  });

  it('a passphrase, in the variable or printed by a command', async () => {
    await sandbox.run(['start', '--db', 'passphrase.db'], { environment: { GGEN_SIM_KEY: PASSPHRASE } });
    const words = ['--db', 'passphrase.db', '--key-command', `printf '%s\\n' '${PASSPHRASE}'`];
    expect(await statusBy(words)).toBe('SQLCipher 4');
  });

  it('options before the words of the command', async () => {
    expect((await sandbox.run([...KEYED, 'db', 'stats'])).exitCode).toBe(0);
  });
});

describe('refuses', () => {
  const words = ['status', '--verbose', '--db', 'keyed.db'];

  it('an encrypted database without a key', async () => {
    expect(
      await refused(words, 'KEY_REQUIRED', 'Give the key with --key-file FILE or --key-command COMMAND'),
    ).toBe('');
  });

  it('another key, and a key for a plain database', async () => {
    expect(
      await refused(words, 'WRONG_KEY', 'The key is that of --key-file', { GGEN_SIM_KEY: PASSPHRASE }),
    ).toBe('');
    await sandbox.db('init', '--db', 'plain.db');
    const before = readFileSync(at('plain.db'));
    expect(
      await refused(
        ['db', 'stats', '--db', 'plain.db', '--key-file', 'ggen.key'],
        'WRONG_KEY',
        'is not encrypted',
      ),
    ).toBe('');
    expect(readFileSync(at('plain.db')).equals(before)).toBe(true);
  });

  it('two options at once, and one given twice', async () => {
    const both = [...words, '--key-file', 'ggen.key', '--key-command', 'cat ggen.key'];
    expect(await refused(both, 'USAGE', '--key-file and --key-command exclude each other')).toBe('');
    const twice = ['--key-file', 'ggen.key', ...words, '--key-file', 'ggen.key'];
    expect(await refused(twice, 'USAGE', '--key-file is given twice')).toBe('');
  });

  it.each([
    ['a passphrase', PASSPHRASE],
    ['63 digits', DIGITS.slice(1)],
    ['two lines', `${DIGITS}\n${DIGITS}\n`],
    ['nothing', ''],
    ['a large file', randomBytes(100_000)],
  ])('a key file that holds %s', async (_, content) => {
    const file = keyFile('wrong.key', content);
    expect(
      await refused(
        [...words, '--key-file', file],
        'USAGE',
        'holds neither 64 hexadecimal digits nor 32 bytes',
      ),
    ).toBe('');
  });

  it('a key file that is missing or a folder', async () => {
    expect(await refused([...words, '--key-file', 'missing.key'], 'NOT_FOUND', 'missing.key')).toBe('');
    expect(await refused([...words, '--key-file', '.'], 'IO_ERROR', 'it is a folder')).toBe('');
  });

  it.each([
    ['fails', `echo ${DIGITS}; exit 3`, 'ended with exit code 3'],
    ['is none', 'no-such-command-7', 'the shell did not find it'],
    ['prints nothing', 'true', 'printed nothing'],
    ['prints too much', 'yes', 'prints more than a key'],
    ['prints other bytes', String.raw`printf '\377'`, 'not UTF-8'],
  ])('a command that %s', async (_, command, text) => {
    expect(await refused([...words, '--key-command', command], 'KEY_COMMAND_FAILED', text)).toBe('');
  });

  it('a half key in the variable, and creates nothing', async () => {
    const environment = { GGEN_SIM_KEY: `x'${DIGITS.slice(2)}'`, WORKSPACE_DIR: 'not-made' };
    expect(await refused(['start'], 'USAGE', "GGEN_SIM_KEY begins with x'", environment)).toBe('');
    expect(existsSync(at('not-made'))).toBe(false);
  });

  it('an empty variable, and creates nothing', async () => {
    expect(
      await refused(['start', '--db', 'empty.db'], 'USAGE', 'GGEN_SIM_KEY is empty', { GGEN_SIM_KEY: '' }),
    ).toBe('');
    expect(existsSync(at('empty.db'))).toBe(false);
    const change = ['db', 'rekey', '--db', 'keyed.db', '--key-file', 'ggen.key'];
    expect(await refused(change, 'USAGE', 'GGEN_SIM_NEW_KEY is empty', { GGEN_SIM_NEW_KEY: '' })).toBe('');
  });

  it('--encrypt without a key and a terminal', async () => {
    expect(await refused(['db', 'init', '--encrypt', '--db', 'none.db'], 'USAGE', 'no terminal to ask')).toBe(
      '',
    );
    expect(existsSync(at('none.db'))).toBe(false);
  });
});

it('warns of a key file that others can read, and uses it', async () => {
  chmodSync(at(keyFile('shared.key', DIGITS)), 0o644);
  const { exitCode, stderr } = await sandbox.run(['status', '--db', 'keyed.db', '--key-file', 'shared.key']);
  expect(exitCode).toBe(0);
  expect(stderr).toBe("Others can read the key file shared.key. Make it yours alone with 'chmod 600'\n");
});

it('restores rows into a new encrypted database', async () => {
  await sandbox.db('save-memory', 'agent-1', 'validation', `"${SECRET}"`, '--db', 'source.db');
  await sandbox.db('backup', 'copy', '--db', 'source.db');
  const words = ['copy', '--from', 'json', '--db', 'restored.db', '--key-file', 'ggen.key'];
  await sandbox.db('restore', ...words);
  expect(readFileSync(at('restored.db')).includes(SECRET)).toBe(false);
  expect(await statusBy(['--db', 'restored.db', '--key-file', 'ggen.key'])).toBe('SQLCipher 4');
});

it('serves coding agents, and stores what hooks record', async () => {
  const request = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  const hello = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  };
  const input = [hello, { jsonrpc: '2.0', method: 'notifications/initialized' }, request]
    .map((message) => `${JSON.stringify(message)}\n`)
    .join('');
  const { exitCode, stdout } = await sandbox.runProcess(['mcp', ...KEYED], { input });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('"tools"');

  const event = { session_id: 's', hook_event_name: 'UserPromptSubmit', prompt: 'p', cwd: sandbox.directory };
  const refusedHook = await sandbox.runProcess(['hooks', 'record', ...KEYED], {
    input: JSON.stringify(event),
  });
  expect(refusedHook).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: expect.stringMatching(
      /^ggen-sim: an event of a hook was not recorded: .* is encrypted/u,
    ) as string,
  });
  await sandbox.runProcess(['hooks', 'record', '--plain', ...KEYED], { input: JSON.stringify(event) });
  // The process that the hook has started may be the one that stores it.
  await expect
    .poll(async () => {
      await sandbox.run(['hooks', 'drain', ...KEYED]);
      return (await sandbox.db('query-audit-trail', 'claude-code', '--count', ...KEYED)).trim();
    })
    .toBe('1');
  const { stdout: difference } = await sandbox.run(['hooks', 'install', '--plain', ...KEYED]);
  expect(difference).toContain(`--plain --key-file ${at('ggen.key')}`);
});

describe('on a terminal', () => {
  /** Runs the program on a terminal made by Python's pty: waits for each prompt, and types its answer. */
  const onTerminal = async (
    words: readonly string[],
    answers: readonly (readonly [prompt: string, typed: string])[],
  ): Promise<{ shown: string; exitCode: number | null }> => {
    const python = [
      'import json,os,pty,sys',
      'pid, fd = pty.fork()',
      'if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])',
      'data, start = b"", 0',
      'answers = json.loads(sys.argv[1])',
      'try:',
      '  while chunk := os.read(fd, 65536):',
      '    data += chunk',
      '    while answers and (found := data.find(answers[0][0].encode(), start)) >= 0:',
      '      start = found + len(answers[0][0])',
      '      os.write(fd, answers.pop(0)[1].encode())',
      'except OSError: pass',
      'sys.stdout.buffer.write(data)',
      'sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))',
    ].join('\n');
    const program = [process.execPath, programPath, ...words];
    const run = await sandbox.spawn('python3', ['-c', python, JSON.stringify(answers), ...program], {
      environment: { TERM: 'dumb', NO_COLOR: '1' },
    });
    return { shown: run.stdout + run.stderr, exitCode: run.exitCode };
  };

  it('asks for a new passphrase twice, then once, and shows none', async () => {
    const created = await onTerminal(
      ['db', 'init', '--encrypt', '--db', 'asked.db'],
      [
        ['New passphrase of', `${PASSPHRASE}\r`],
        ['The same again:', `${PASSPHRASE}\r`],
      ],
    );
    expect(created).toMatchObject({ exitCode: 0, shown: expect.stringContaining('encrypted: SQLCipher 4') });
    const opened = await onTerminal(
      ['db', 'stats', '--db', 'asked.db'],
      [['Passphrase of', `${PASSPHRASE}\r`]],
    );
    expect(opened).toMatchObject({ exitCode: 0, shown: expect.stringContaining('receipts_total') });
    const wrong = await onTerminal(['db', 'stats', '--db', 'asked.db'], [['Passphrase of', 'guess-7\r']]);
    expect(wrong).toMatchObject({ exitCode: 1, shown: expect.stringContaining('error[WRONG_KEY]') });
    expect(created.shown + opened.shown).not.toContain(PASSPHRASE);
    expect(wrong.shown).not.toContain('guess-7');
    const environment = { GGEN_SIM_KEY: PASSPHRASE };
    expect(await statusBy(['--db', 'asked.db'], environment)).toBe('SQLCipher 4');
  });

  it('creates nothing of two that differ, of none, and after Ctrl-C', async () => {
    const files = readdirSync(sandbox.directory);
    const words = ['db', 'init', '--encrypt', '--db', 'differs.db'];
    const cases: readonly (readonly [readonly (readonly [string, string])[], number])[] = [
      [
        [
          ['New passphrase of', 'one\r'],
          ['The same again:', 'other\r'],
        ],
        64,
      ],
      [[['New passphrase of', '\r']], 64],
      [[['New passphrase of', '\u0004']], 64],
      [[['New passphrase of', 'one\u0003']], 130],
    ];
    for (const [answers, exitCode] of cases)
      expect(await onTerminal(words, answers)).toMatchObject({ exitCode });
    expect(readdirSync(sandbox.directory)).toEqual(files);
  });
});

describe('what is not encrypted', () => {
  it.each([
    ['a backup', ['db', 'backup', 'plain-copy']],
    ['an export', ['db', 'export', 'receipts', 'ndjson', 'plain-copy']],
    ['an export of the audit trail', ['db', 'export-audit-trail', 'json', 'plain-copy']],
    ['the spool of hooks', ['hooks', 'install', '--settings', 'plain-copy']],
  ])('%s is refused without --plain, and nothing is written', async (_, words) => {
    await refused([...words, ...KEYED], 'USAGE', 'Give --plain');
    expect(existsSync(at('plain-copy'))).toBe(false);
  });

  it('is not left beside it by a hook, also one that was installed before, or before there is a database', async () => {
    const input = '{"hook_event_name":"PreToolUse","session_id":"s"}';
    for (const [database, words, environment] of [
      ['keyed.db', [], {}],
      ['none.db', ['--key-file', 'ggen.key'], {}],
      // The secret is missing, and no command will make a database without it.
      ['none.db', [], { GGEN_SIM_KEY: '' }],
    ] as const) {
      const run = await sandbox.runProcess(['hooks', 'record', '--db', database, ...words], {
        input,
        environment,
      });
      expect(run).toMatchObject({ exitCode: 0, stdout: '' });
      expect(run.stderr).toContain("'ggen-sim hooks install --plain' permits that");
      expect(readdirSync(sandbox.directory).filter((name) => name.startsWith(`${database}-hooks`))).toEqual(
        [],
      );
    }
  });

  it('is said to be so by a server that takes events of hooks', async () => {
    const refusing = await sandbox.run(['serve', '--port', '1', '--host', '192.0.2.1', '--write', ...KEYED]);
    expect(refusing.stderr).not.toContain('not encrypted');
    const taking = await sandbox.run([
      'serve',
      '--port',
      '1',
      '--host',
      '192.0.2.1',
      '--write',
      '--plain',
      ...KEYED,
    ]);
    expect(taking.stderr).toContain('What hooks send is not encrypted until it is stored\n');
  });

  it('a key for the hooks of a plain database is refused, and nothing is written', async () => {
    await sandbox.db('init', '--db', 'other-plain.db');
    const install = ['hooks', 'install', '--settings', 'plain-copy', '--db', 'other-plain.db'];
    await refused(install, 'WRONG_KEY', 'other-plain.db is not encrypted', { GGEN_SIM_KEY: DIGITS });
    await refused([...install, '--plain'], 'WRONG_KEY', 'Give no key', { GGEN_SIM_KEY: DIGITS });
    expect(existsSync(at('plain-copy'))).toBe(false);
  });

  it('is written with --plain, and announced; standard output is not refused', async () => {
    const { exitCode, stderr } = await sandbox.run(['db', 'backup', 'announced', '--plain', ...KEYED]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'What is written is not encrypted\n' });
    const rows = await sandbox.run(['db', 'export', 'receipts', 'ndjson', '-', ...KEYED]);
    expect(rows.stdout).toContain(SECRET);
    expect(rows.stderr).toBe('');
  });
});

describe('an output that is an encrypted database', () => {
  it.each([
    ['the open one', ['db', 'export', 'receipts', 'ndjson', 'keyed.db', '--plain', ...KEYED]],
    ['another one', ['db', 'export', 'receipts', 'ndjson', 'keyed.db', '--db', 'other.db', '--create']],
    ['the journal of one', ['db', 'export-audit-trail', 'json', 'keyed.db-journal', '--db', 'other.db']],
    ['one, as a folder of a backup', ['db', 'backup', 'keyed.db', '--db', 'other.db']],
  ])('%s is never replaced', async (_, words) => {
    await sandbox.db('init', '--db', 'other.db');
    const before = readFileSync(at('keyed.db'));
    const { exitCode, stderr } = await sandbox.run(words);
    expect(stderr).toContain('error[INVALID_ARGUMENT]: ');
    expect(exitCode).toBe(64);
    expect(readFileSync(at('keyed.db')).equals(before)).toBe(true);
    expect(existsSync(at('keyed.db-journal'))).toBe(false);
  });

  it('is refused as a redirection of standard output', async () => {
    const before = readFileSync(at('keyed.db'));
    const { exitCode, stderr } = await sandbox.shell('ggen-sim db stats --db other.db >> keyed.db');
    expect(stderr).toContain('is redirected into the database file');
    expect(exitCode).toBe(64);
    expect(readFileSync(at('keyed.db')).equals(before)).toBe(true);
  });
});

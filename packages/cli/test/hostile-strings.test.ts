/** Text that breaks careless programs is returned unchanged by every text field of every command. */
import { beforeAll, describe, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox, parseRows } from './run-cli.ts';

const hostile: readonly string[] = [
  `'`,
  `"`,
  `it's "both"`,
  '`backticks`',
  '$(touch pwned)',
  '${HOME}',
  `'; DROP TABLE receipts; --`,
  `" OR 1=1 --`,
  `Robert'); DELETE FROM audit_log;--`,
  'line\nbreak',
  'carriage\rreturn',
  'trailing newline\n',
  '\ttab\t',
  ' leading and trailing ',
  '%',
  '_',
  '*',
  '?[a-z]{1,2}',
  String.raw`back\slash\\`,
  String.raw`\n \u0041 \x41`,
  '-',
  '-5',
  '--force',
  '--',
  '=cmd|calc',
  '🦊👩‍👩‍👧',
  'שלום עולם',
  '\u{202e}txt.exe',
  '\u001B[31mred\u001B[0m',
  '\u0001\u007F\u0085',
  '{"not":"json for this field"}',
  '\u{feff}byte order mark',
  'null',
  '.',
  '../../etc/passwd',
  'é (composed) é (decomposed)',
  'x'.repeat(100_000),
];

/** Cases for all fields. They are given after `--`, where only a JSON argument takes `-` for standard input. */
const cases = hostile.map((text, index) => ({ text, index, label: JSON.stringify(text.slice(0, 40)) }));

const json = (text: string): string => JSON.stringify({ text });

describe.each([
  { means: 'through arguments', sandbox: new Sandbox(), viaShell: undefined },
  { means: 'through the bash functions', sandbox: new Sandbox(), viaShell: 'bash' },
])('$means', ({ sandbox, viaShell }) => {
  const program = async (...words: string[]): Promise<string> => {
    const [command = '', ...rest] = words;
    if (viaShell === undefined) return sandbox.db(command, '--', ...rest);
    const assignments = rest.map((_, index) => `"$ARG_${index}"`).join(' ');
    const environment = Object.fromEntries(rest.map((word, index) => [`ARG_${index}`, word]));
    const script = `eval "$(ggen-sim shell-init ${viaShell})"\ndb_${command.replaceAll('-', '_')} ${assignments}`;
    const { exitCode, stdout, stderr } = await sandbox.shell(script, { environment, shell: viaShell });
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${stderr}`);
    return stdout;
  };

  let receipts: Record<string, unknown>[];
  let memories: Record<string, unknown>[];
  let audits: Record<string, unknown>[];

  beforeAll(async () => {
    // Four at a time, with three processes each: this does not test concurrency.
    for (let start = 0; start < cases.length; start += 4) {
      await Promise.all(
        cases.slice(start, start + 4).map(async ({ text, index }) => {
          await program('save-receipt', text, `${index}:${text}`, text, json(text));
          await program('save-memory', text, text, json(text));
          await program('log-audit', `${index}:${text}`, text, 'completed', text, '5', text, text);
        }),
      );
    }
    receipts = parseRows(await program('query-receipts', '%', 'json', '1000'));
    memories = parseRows(await program('query-memory'));
    audits = parseRows(await program('query-audit-trail'));
  }, 300_000);

  it.each(cases)('keeps $label in every field', ({ text, index }) => {
    const tagged = `${index}:${text}`;
    expect(receipts.find((row) => row['agent_id'] === tagged)).toMatchObject({
      execution_id: text,
      agent_type: text,
      receipt_json: json(text),
    });
    expect(memories.find((row) => row['agent_id'] === text)).toMatchObject({
      agent_type: text,
      memory_json: json(text),
      version: 1,
    });
    expect(audits.find((row) => row['agent_id'] === tagged)).toMatchObject({
      operation: text,
      operation_type: text,
      details: text,
      error_message: text,
    });
  });

  it('looks ids up by equality, never as patterns', async () => {
    for (const text of ['%', '_', `'; DROP TABLE receipts; --`, '--force', '$(touch pwned)']) {
      expect(await program('get-memory', text)).toBe(`${json(text)}\n`);
    }
    await expect(program('get-memory', '%%')).rejects.toThrow('NOT_FOUND');
    await expect(program('get-receipt', '%')).rejects.toThrow('NOT_FOUND');
  });

  it('reads patterns only as LIKE patterns', async () => {
    expect(parseRows(await program('query-receipts', `' OR '1'='1`))).toEqual([]);
    expect(parseRows(await program('query-audit-trail', `%' OR 1=1 --`))).toEqual([]);
  });

  it('has no side effects', async () => {
    expect(receipts).toHaveLength(cases.length);
    expect(audits).toHaveLength(cases.length);
    const { stdout } = await sandbox.spawn('ls', ['-A']);
    expect(stdout).toBe('workspace\n');
  });
});

describe('table output', () => {
  const sandbox = new Sandbox();

  it('shows control characters as escapes, one line per row', async () => {
    for (const [index, { text }] of cases.entries()) {
      if (text.length < 1000) await sandbox.db('save-memory', '--', `${index}${text}`, 'validation', '{}');
    }
    const table = await sandbox.db('query-memory', '%', 'table');
    expect(table.split('\n')).toHaveLength(cases.length - 1 + 3);
    // oxlint-disable-next-line no-control-regex
    expect(table).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\uFEFF]/u);
    expect(table).toContain(String.raw`\x1b[31mred\x1b[0m`);
    expect(table).toContain(String.raw`\u{202e}txt.exe`);
    expect(table).toContain('👩‍👩‍👧');
    expect(table).toContain('שלום עולם');
  });
});

/** Text that would clear a terminal, colour it, rename its window or hide other text. */
const TERMINAL_ATTACK = '\u001B]0;renamed\u0007\u001B[2J\u009B31m\u202Egnp.exe\rhidden\u0008\u007F';
// oxlint-disable-next-line no-control-regex
const CONTROLS_TERMINAL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E]|\r(?!\r?\n)/u;

describe('on a terminal', () => {
  const sandbox = new Sandbox();
  const storedJson = JSON.stringify(TERMINAL_ATTACK);

  /** Runs the program with a terminal for standard output and error. Returns all it printed there. */
  const onTerminal = async (...words: string[]): Promise<string> => {
    const script = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
    const { stdout } = await sandbox.spawn(
      'python3',
      ['-c', script, process.execPath, programPath, ...words],
      {
        environment: { TERM: 'dumb', NO_COLOR: '1' },
      },
    );
    return stdout;
  };

  beforeAll(async () => {
    await sandbox.db('save-memory', '--', TERMINAL_ATTACK, TERMINAL_ATTACK, storedJson);
    await sandbox.db('log-audit', '--', TERMINAL_ATTACK, 'op', 'failed', 'type', '1', TERMINAL_ATTACK, 'why');
  });

  it.each([
    [['db', 'query-memory']],
    [['db', 'query-memory', '%', 'csv']],
    [['db', 'query-memory', '%', 'ndjson']],
    [['db', 'query-audit-trail', '%', '7', 'table']],
    [['db', 'export-audit-trail', 'csv', '-']],
    [['db', 'analytics']],
    [['db', 'get-memory', '--', TERMINAL_ATTACK]],
  ])('prints stored text that cannot control it: %j', async (words) => {
    const shown = await onTerminal(...words);
    expect(shown).not.toMatch(CONTROLS_TERMINAL);
    expect(shown).toMatch(/renamed|31m|x1b/);
  });

  it('prints JSON with the same meaning', async () => {
    const [row] = parseRows(await onTerminal('db', 'query-memory'));
    expect(row).toMatchObject({ agent_id: TERMINAL_ATTACK, memory_json: storedJson });
  });

  it('prints the stored bytes unchanged to a pipe', async () => {
    expect(await sandbox.db('get-memory', '--', TERMINAL_ATTACK)).toBe(`${storedJson}\n`);
  });

  it.each([
    [['db', 'get-memory', '--', `unknown${TERMINAL_ATTACK}\nerror[FORGED]: another line`]],
    [['db', 'get-memory', '--verbose', '--', `unknown${TERMINAL_ATTACK}`]],
    [['db', 'stats', '--db', `/proc/${TERMINAL_ATTACK}/x.db`]],
    [['db', 'restore', `./${TERMINAL_ATTACK}`, '--verbose']],
    [['db', 'query-receipts', '%', TERMINAL_ATTACK]],
    [[`db${TERMINAL_ATTACK}`]],
    [['db', `--no${TERMINAL_ATTACK}`]],
    [['run-agent', 'validation', '--spec', `no${TERMINAL_ATTACK}.ttl`]],
  ])('prints an error as one line: %j', async (words) => {
    const { exitCode, stderr } = await sandbox.run(words);
    expect([1, 64]).toContain(exitCode);
    expect(stderr).not.toMatch(CONTROLS_TERMINAL);
    expect(stderr.split('\n').filter((line) => line.startsWith('error['))).toHaveLength(1);
  });
});

describe('secrets', () => {
  const sandbox = new Sandbox();
  const SECRET = 'hunter2-hunter2';

  it.each([
    [['db', 'save-receipt', 'e', 'a', 't', `{"password": ${SECRET}}`]],
    [['db', 'save-receipt', 'e', 'a', 't', `{"password": "${SECRET}`]],
    [['db', 'save-memory', 'a', 't', SECRET]],
    [['db', 'save-memory', 'a', 't', `["${SECRET}"]]`]],
    [['db', 'save-memory', 'a', 't', `{"a":1} ${SECRET} "x"`]],
  ])('never appear in messages or stacks: %j', async (words) => {
    for (const verbose of [[], ['--verbose']]) {
      const { exitCode, stderr } = await sandbox.run([...words, ...verbose], {
        environment: { API_TOKEN: 'token-of-the-environment' },
      });
      expect(exitCode).toBe(1);
      expect(stderr).toContain('INVALID_JSON');
      expect(stderr).not.toContain('hunter');
      expect(stderr).not.toContain('token-of-the-environment');
    }
  });
});

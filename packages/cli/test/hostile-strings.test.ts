/** Text that breaks careless programs is returned unchanged by every command that stores text. */
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

const json = (text: string): string => JSON.stringify({ text });

/**
 * Splits the texts into calls of `fieldCount` texts, so that a process carries several. Every text is in one call, and
 * each field gets texts of every kind: all fields of a command go through the same parser.
 */
function callsOf(texts: readonly string[], fieldCount: number): string[][] {
  const calls: string[][] = [];
  for (let start = 0; start < texts.length; start += fieldCount) {
    const call = texts.slice(start, start + fieldCount);
    // The last call is filled with texts that name no row.
    while (call.length < fieldCount) call.push(`filled ${call.length}`);
    calls.push(call);
  }
  return calls;
}

const receiptCalls = callsOf(hostile, 3);
const memoryCalls = callsOf(hostile, 2);
const auditCalls = callsOf(hostile, 5);

/** Words of every call that saves. They are given after `--`, where only a JSON argument takes `-` for standard input. */
const saves: readonly string[][] = [
  ...receiptCalls.map(([execution = '', agent = '', type = '']) => [
    'save-receipt',
    execution,
    agent,
    type,
    json(execution + agent + type),
  ]),
  ...memoryCalls.map(([agent = '', type = '']) => ['save-memory', agent, type, json(agent + type)]),
  ...auditCalls.map(([agent = '', operation = '', type = '', details = '', error = '']) => [
    'log-audit',
    agent,
    operation,
    'completed',
    type,
    '5',
    details,
    error,
  ]),
];

describe.each([
  { means: 'through arguments', sandbox: new Sandbox(), viaShell: undefined },
  { means: 'through the bash functions', sandbox: new Sandbox(), viaShell: 'bash' },
])('$means', ({ sandbox, viaShell }) => {
  /** Runs calls one after the other, those of the functions in one shell. Returns what they print. */
  const runCalls = async (calls: readonly string[][]): Promise<string> => {
    if (viaShell === undefined) {
      let printed = '';
      for (const [command = '', ...rest] of calls) printed += await sandbox.db(command, '--', ...rest);
      return printed;
    }
    const environment: Record<string, string> = {};
    const lines = calls.map(([command = '', ...rest], call) => {
      for (const [index, word] of rest.entries()) environment[`ARG_${call}_${index}`] = word;
      const names = rest.map((_, index) => `"$ARG_${call}_${index}"`);
      return `db_${command.replaceAll('-', '_')} ${names.join(' ')} || exit`;
    });
    const { stdout: functions } = await sandbox.run(['shell-init', viaShell]);
    const script = [functions, ...lines].join('\n');
    const { exitCode, stdout, stderr } = await sandbox.shell(script, { environment, shell: viaShell });
    if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`);
    return stdout;
  };
  const program = (...words: string[]): Promise<string> => runCalls([words]);

  let receipts: Record<string, unknown>[];
  let memories: Record<string, unknown>[];
  let audits: Record<string, unknown>[];

  beforeAll(async () => {
    // Two at a time, as this does not test concurrency.
    const half = Math.ceil(saves.length / 2);
    await Promise.all([runCalls(saves.slice(0, half)), runCalls(saves.slice(half))]);
    receipts = parseRows(await program('query-receipts', '%', 'json', '1000'));
    memories = parseRows(await program('query-memory'));
    audits = parseRows(await program('query-audit-trail'));
  }, 300_000);

  it('keeps every text in the fields of a receipt', () => {
    for (const [execution = '', agent = '', type = ''] of receiptCalls) {
      expect(receipts.find((row) => row['execution_id'] === execution)).toMatchObject({
        agent_id: agent,
        agent_type: type,
        receipt_json: json(execution + agent + type),
      });
    }
  });

  it('keeps every text in the fields of a memory', () => {
    for (const [agent = '', type = ''] of memoryCalls) {
      expect(memories.find((row) => row['agent_id'] === agent)).toMatchObject({
        agent_type: type,
        memory_json: json(agent + type),
        version: 1,
      });
    }
  });

  it('keeps every text in the fields of an audit entry', () => {
    for (const [agent = '', operation = '', type = '', details = '', error = ''] of auditCalls) {
      expect(audits.find((row) => row['agent_id'] === agent)).toMatchObject({
        operation,
        operation_type: type,
        details,
        error_message: error,
      });
    }
  });

  it('looks ids up by equality, never as patterns', async () => {
    const looked = memoryCalls.filter(([agent = '']) => /^[%_*?'"$-]/u.test(agent)).slice(0, 5);
    expect(looked.length).toBeGreaterThan(3);
    const printed = await runCalls(looked.map(([agent = '']) => ['get-memory', agent]));
    expect(printed).toBe(looked.map(([agent = '', type = '']) => `${json(agent + type)}\n`).join(''));
    await expect(program('get-memory', '%%')).rejects.toThrow('NOT_FOUND');
    await expect(program('get-receipt', '%')).rejects.toThrow('NOT_FOUND');
  });

  it('reads patterns only as LIKE patterns', async () => {
    expect(parseRows(await program('query-receipts', `' OR '1'='1`))).toEqual([]);
    expect(parseRows(await program('query-audit-trail', `%' OR 1=1 --`))).toEqual([]);
  });

  it('has no side effects', async () => {
    expect(receipts).toHaveLength(receiptCalls.length);
    expect(memories).toHaveLength(memoryCalls.length);
    expect(audits).toHaveLength(auditCalls.length);
    const { stdout } = await sandbox.spawn('ls', ['-A']);
    expect(stdout).toBe('workspace\n');
  });
});

describe('table output', () => {
  const sandbox = new Sandbox();

  it('shows control characters as escapes, one line per row', async () => {
    const calls = callsOf(
      hostile.filter((text) => text.length < 1000),
      4,
    );
    for (const [agent = '', operation = '', details = '', error = ''] of calls) {
      await sandbox.db('log-audit', '--', agent, operation, 'failed', '', '', details, error);
    }
    const table = await sandbox.db('query-audit-trail', '%', '7', 'table');
    expect(table.split('\n')).toHaveLength(calls.length + 3);
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
    // What --verbose prints includes the message that is printed without it.
    const { exitCode, stderr } = await sandbox.run([...words, '--verbose'], {
      environment: { API_TOKEN: 'token-of-the-environment' },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error\[INVALID_JSON\]: /u);
    expect(stderr).not.toContain('hunter');
    expect(stderr).not.toContain('token-of-the-environment');
  });
});

/** Text that breaks careless programs comes back unchanged through every text field of every command. */
import { beforeAll, describe, expect, it } from 'vitest';
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

/** An alternative to passing arguments is `--flag=value`; `-` alone can only mean standard input there for JSON. */
const cases = hostile.map((text, index) => ({ text, index, label: JSON.stringify(text.slice(0, 40)) }));

const json = (text: string): string => JSON.stringify({ text });

describe.each([
  { means: 'by its own arguments', sandbox: new Sandbox(), viaShell: undefined },
  { means: 'by the functions for bash', sandbox: new Sandbox(), viaShell: 'bash' },
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
    // A few at a time: each is three processes, and this is no test of concurrency.
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

  it.each(cases)('$label in every field', ({ text, index }) => {
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

  it('in look-ups: an id is that id, never a pattern', async () => {
    for (const text of ['%', '_', `'; DROP TABLE receipts; --`, '--force', '$(touch pwned)']) {
      expect(await program('get-memory', text)).toBe(`${json(text)}\n`);
    }
    await expect(program('get-memory', '%%')).rejects.toThrow('NOT_FOUND');
    await expect(program('get-receipt', '%')).rejects.toThrow('NOT_FOUND');
  });

  it('in patterns: nothing but LIKE', async () => {
    expect(parseRows(await program('query-receipts', `' OR '1'='1`))).toEqual([]);
    expect(parseRows(await program('query-audit-trail', `%' OR 1=1 --`))).toEqual([]);
  });

  it('and nothing else happened', async () => {
    expect(receipts).toHaveLength(cases.length);
    expect(audits).toHaveLength(cases.length);
    const { stdout } = await sandbox.spawn('ls', ['-A']);
    expect(stdout).toBe('workspace\n');
  });
});

describe('in table output', () => {
  const sandbox = new Sandbox();

  it('control characters are shown as escapes, one line a row', async () => {
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

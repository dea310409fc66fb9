/** Wrong command lines: exit code 64, one helpful line on stderr, nothing on stdout, nothing done. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseRows, Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

const receipt = ['db', 'save-receipt', 'exec-1', 'agent-1', 'validation'];
const audit = ['db', 'log-audit', 'agent-1', 'op'];

const wrong: readonly (readonly [title: string, words: readonly string[], message: string])[] = [
  [
    'unknown command',
    ['db', 'query-receipt'],
    "Unknown command 'query-receipt'. Did you mean 'ggen-sim db query-receipts'?",
  ],
  ['command of another group', ['db', 'status'], "Unknown command 'status'. Did you mean 'ggen-sim status'?"],
  [
    'mistyped command without its group, after an option',
    ['--db', 'x.db', 'verfy'],
    "Unknown command 'verfy'. Did you mean 'ggen-sim db verify'?",
  ],
  ['command like no other', ['db', 'frobnicate'], "Unknown command 'frobnicate'. See 'ggen-sim db --help'."],
  [
    'part of a command',
    ['db', 'audit'],
    "Did you mean 'ggen-sim db log-audit', 'ggen-sim db query-audit-trail' or 'ggen-sim db export-audit-trail'?",
  ],
  ['help of an unknown command', ['help', 'db', 'save-recipt'], "Did you mean 'ggen-sim db save-receipt'?"],
  [
    'wrong option after a common one',
    ['--verbose', 'db', '--db', 'x.db', 'stats', '--limit', '3'],
    "Unknown option '--limit'. See 'ggen-sim db stats --help'.",
  ],
  [
    'format in place of the pattern',
    ['db', 'query-receipts', 'json'],
    "PATTERN comes before FORMAT, and 'json' is a FORMAT. Give it as --format json; for an agent of that name, as --agent json.",
  ],
  ['limit in place of the pattern', ['db', 'query-receipts', '50'], "'50' is a LIMIT. Give it as --limit 50"],
  ['days in place of the pattern', ['db', 'query-audit-trail', '30'], "'30' is a DAYS"],
  ['format of the memory in place of the pattern', ['db', 'query-memory', 'csv', ''], "'csv' is a FORMAT"],
  [
    'period in place of the pattern',
    ['db', 'analytics', 'last-30-days'],
    "'last-30-days' is a PERIOD. Give it as --period last-30-days",
  ],
  [
    'period in place of the pattern of a command without periods',
    ['db', 'query-receipts', 'last-30-days', 'json', '10'],
    "PATTERN comes first, and 'last-30-days' is a PERIOD of 'db analytics'. For an agent of that name, give --agent last-30-days.",
  ],
  [
    'format in place of the pattern of a command whose format is an option',
    ['db', 'analytics', 'json', 'last-7-days'],
    "error[USAGE]: 'json' is a value of --format. Give it as --format json; for an agent of that name, as --agent json.",
  ],
  ['format in capitals', ['db', 'query-memory', 'CSV'], 'Give it as --format csv'],
  [
    'duration in place of the kind of operation',
    [...audit, 'completed', '1200'],
    "'1200' is a DURATION_MS. Give it as --duration-ms 1200; for an operation type of that name, as --operation-type 1200.",
  ],
  [
    'second format in place of the file',
    ['db', 'export-audit-trail', 'json', 'csv'],
    "OUTPUT_FILE comes after FORMAT, and 'csv' is a FORMAT. Give the format once; for a file of that name, give ./csv.",
  ],
  [
    'contradictory flags',
    ['db', 'cleanup', '--vacuum', '--no-vacuum'],
    '--vacuum and --no-vacuum exclude each other. Give one of them.',
  ],
  [
    'flag that a dry run cannot obey',
    ['db', 'cleanup', '--dry-run', '--vacuum'],
    '--dry-run and --vacuum exclude each other',
  ],
  ['--db twice', ['db', 'stats', '--db', 'a.db', '--db', 'b.db'], '--db is given twice. Give it once.'],
  ['--db twice, at two places', ['--db', 'a.db', 'db', 'stats', '--db', 'b.db'], '--db is given twice'],
  ['an option twice', ['db', 'query-receipts', '--limit', '1', '--limit', '2'], '--limit is given twice'],
  ['command without its group', ['stats'], "Unknown command 'stats'. Did you mean 'ggen-sim db stats'?"],
  ['unknown option', ['db', 'stats', '--formt', 'json'], "Unknown option '--formt'. Did you mean --format?"],
  [
    'mistyped option that is an argument as well',
    ['db', 'export-audit-trail', '--fromat', 'csv'],
    "Unknown option '--fromat'. Did you mean --format?",
  ],
  ['mistyped option with its value', ['db', 'query-receipts', '--agnet=x'], 'Did you mean --agent?'],
  ['mistyped common option', ['db', 'stats', '--verbos'], 'Did you mean --verbose?'],
  [
    'option of another command',
    ['db', 'stats', '--limit', '3'],
    "Unknown option '--limit'. See 'ggen-sim db stats --help'.",
  ],
  [
    'option without its value',
    ['db', 'query-receipts', '--agent'],
    "Option '--agent <PATTERN>' needs a value",
  ],
  ['too many arguments', ['db', 'stats', 'x'], "Too many arguments for 'stats'"],
  [
    'missing arguments',
    ['db', 'save-receipt', 'a'],
    'Missing required parameters: AGENT_ID, AGENT_TYPE, RECEIPT_JSON',
  ],
  [
    'empty required argument',
    ['db', 'save-receipt', 'a', '', 'b', '{}'],
    'Missing required parameters: AGENT_ID.',
  ],
  ['empty standard input', [...receipt, '-'], 'Missing required parameters: RECEIPT_JSON'],
  ['missing memory', ['db', 'save-memory', 'a'], 'Missing required parameters: AGENT_TYPE, MEMORY_JSON'],
  ['missing status', audit, 'Missing required parameters: STATUS'],
  ['missing spec', ['run-agent', 'validation'], 'Missing required parameters: --spec'],
  [
    'pattern and exact agent',
    ['db', 'query-memory', 'a%', '--agent-exact', 'a'],
    'PATTERN and --agent-exact exclude',
  ],
  ['receipt id and execution id', ['db', 'get-receipt', 'abcd', '--execution-id', 'e'], 'exclude each other'],
  ['missing id', ['db', 'get-receipt', ''], 'Missing required parameters: RECEIPT_ID'],
  ['missing backup', ['db', 'restore'], 'Missing required parameters: BACKUP_DIR'],
  ['wrong status', [...receipt, '{}', 'ok'], "STATUS must be success, error or partial, not 'ok'"],
  [
    'wrong audit status',
    [...audit, 'done'],
    "STATUS must be started, completed, failed or retry, not 'done'",
  ],
  [
    'negative duration',
    [...receipt, '{}', 'success', '-1'],
    "DURATION_MS must be a whole number, 0 or more, not '-1'",
  ],
  [
    'duration in words',
    [...audit, 'failed', '', 'fast'],
    "DURATION_MS must be a whole number, 0 or more, not 'fast'",
  ],
  ['fractional duration', [...receipt, '{}', 'success', '1.5'], "not '1.5'"],
  [
    'duration beyond the safe integers',
    [...receipt, '{}', 'success', '9007199254740993'],
    'DURATION_MS must be',
  ],
  ['limit in hexadecimal', ['db', 'query-receipts', '%', 'json', '0x10'], 'LIMIT must be a whole number'],
  [
    'limit with SQL',
    ['db', 'query-receipts', '%', 'json', '1; DROP TABLE receipts'],
    'LIMIT must be a whole number',
  ],
  // A variable that is not set would otherwise leave something unprotected without a word.
  ['empty key file', ['db', 'init', '--key-file', ''], '--key-file is empty'],
  ['empty key of rows', ['sync', 'init', 'hub.db', '--sync-key-file', ''], '--sync-key-file is empty'],
  ['empty signing key', ['db', 'checkpoint', '--key', ''], '--key is empty'],
  ['empty checkpoint', ['db', 'verify', '--checkpoint', ''], '--checkpoint is empty'],
  ['no interval', ['sync', 'run', '--interval', '0'], "SECONDS must be a whole number, 1 or more, not '0'"],
  ['interval in words', ['sync', 'run', '--interval', 'x'], 'SECONDS must be a whole number, 1 or more'],
  ['negative days', ['db', 'cleanup', '-5'], "DAYS must be a whole number, 0 or more, not '-5'"],
  ['days in words', ['db', 'query-audit-trail', '%', 'week'], 'DAYS must be a whole number'],
  [
    'unknown format',
    ['db', 'query-receipts', '%', 'xml'],
    "FORMAT must be json, ndjson, csv or table, not 'xml'",
  ],
  [
    'mistyped format',
    ['db', 'query-receipts', '%', 'jsn'],
    "FORMAT must be json, ndjson, csv or table, not 'jsn'. Did you mean json?",
  ],
  [
    'unknown format before a file',
    ['db', 'export-audit-trail', 'xml', 'o.x'],
    "FORMAT must be json, ndjson or csv, not 'xml'.\n",
  ],
  [
    'file and format exchanged',
    ['db', 'export-audit-trail', 'out/a.csv', 'csv'],
    'The format comes first: ggen-sim db export-audit-trail csv out/a.csv.',
  ],
  ['unknown period', ['db', 'analytics', '%', 'last-year'], 'PERIOD must be last-24-hours, last-7-days'],
  [
    'file in place of the format',
    ['db', 'export-audit-trail', './audit.json'],
    "FORMAT must be json, ndjson or csv, not './audit.json'. The format comes first: ggen-sim db export-audit-trail json ./audit.json.",
  ],
  [
    'file in place of the format, with characters that a shell reads',
    ['db', 'export-audit-trail', "./Bob's audit; $(date).json"],
    String.raw`ggen-sim db export-audit-trail json './Bob'\''s audit; $(date).json'.`,
  ],
  [
    'given twice',
    ['db', 'query-receipts', '%', '--agent', 'x'],
    'PATTERN is given twice, as an argument and as --agent',
  ],
  ['reset without --force', ['db', 'reset'], "Make a backup, then run 'ggen-sim db reset --force'"],
  ['unknown shell', ['completion', 'tcsh'], "SHELL must be bash, zsh or fish, not 'tcsh'"],
  ['control characters', ['db', 'query-receipts', '%', '\u001B[31mred\n'], String.raw`not '\x1b[31mred\n'`],
];

describe('a wrong command line', () => {
  it.each(wrong)('%s', async (_, words, message) => {
    const { exitCode, stdout, stderr } = await sandbox.run(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toContain(`error[USAGE]: `);
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('creates no database', () => {
    expect(readdirSync(sandbox.directory)).toEqual([]);
  });
});

describe('a failed operation', () => {
  beforeAll(async () => void (await sandbox.db('init')));

  it('exits with 1 and prints code, reason and hint in one line', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run(['db', 'get-receipt', 'un\nknown']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^error\[NOT_FOUND\]: .*un\\\\?nknown.*\.\n$/u);
  });

  it('prints cause and stack only with --verbose, in any position', async () => {
    for (const words of [
      ['--verbose', 'db', 'get-memory', 'unknown'],
      ['db', '--verbose', 'get-memory', 'unknown'],
      ['db', 'get-memory', 'unknown', '--verbose'],
    ]) {
      const { exitCode, stderr } = await sandbox.run(words);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^error\[NOT_FOUND\]: .*\n(?:.*\n)+/u);
      expect(stderr).toContain('    at ');
    }
  });

  it('refuses invalid JSON before anything is written', async () => {
    for (const json of ['{', '{} {}', "{'a':1}", 'NaN', '[1,]']) {
      const savedReceipt = await sandbox.run([...receipt, json]);
      expect(savedReceipt).toMatchObject({ exitCode: 1, stdout: '' });
      expect(savedReceipt.stderr).toContain('error[INVALID_JSON]: Invalid JSON in receipt');
      const savedMemory = await sandbox.run(['db', 'save-memory', 'agent-1', 'validation', json]);
      expect(savedMemory.stderr).toContain('error[INVALID_JSON]: Invalid JSON in memory');
    }
    expect(JSON.parse(await sandbox.db('stats'))).toMatchObject({ receipts_total: 0, agents_tracked: 0 });
  });

  it('refuses standard input that is not UTF-8', async () => {
    const { exitCode, stderr } = await sandbox.run([...receipt, '-'], {
      input: Uint8Array.of(0x22, 0xff, 0x22),
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error[INVALID_JSON]: Standard input is not UTF-8');
  });

  it('refuses a used execution id, but accepts the same receipt again with --if-absent', async () => {
    const [first] = (await sandbox.db(...receipt.slice(1), '{"n":1}')).split('\n');
    const again = await sandbox.run([...receipt, '{"n":1}']);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('error[DUPLICATE_EXECUTION]');
    expect(await sandbox.db(...receipt.slice(1), '{"n":1}', '--if-absent')).toBe(`${first}\n`);
    const answer = await sandbox.db(...receipt.slice(1), '{"n":1}', '--if-absent', '--format', 'json');
    expect(JSON.parse(answer)).toEqual({ receipt_id: first, created: false });
    expect((await sandbox.run([...receipt, '{"n":2}', '--if-absent'])).exitCode).toBe(1);
  });
});

describe('arguments', () => {
  it('can all be given as options', async () => {
    const id = await sandbox.db(
      'save-receipt',
      '--duration-ms=7',
      '--status',
      'error',
      '--receipt-json={"f":1}',
      '--agent-type=generation',
      '--agent-id=options',
      '--execution-id=exec-options',
    );
    const rows = await sandbox.db('query-receipts', '--limit=1', '--agent', 'options', '--format=ndjson');
    expect(JSON.parse(rows)).toMatchObject({
      receipt_id: id.trim(),
      execution_id: 'exec-options',
      agent_type: 'generation',
      status: 'error',
      duration_ms: 7,
      receipt_json: '{"f":1}',
    });
  });

  it('count as not given when empty, in any position', async () => {
    const id = await sandbox.db('save-receipt', 'exec-empty', 'empty', 'validation', '{}', '', '');
    const [row] = JSON.parse(await sandbox.db('query-receipts', 'empty', '', '')) as Record<
      string,
      unknown
    >[];
    expect(row).toMatchObject({ receipt_id: id.trim(), status: 'success', duration_ms: 0 });
    expect(await sandbox.db('query-receipts', '', 'csv', '', '--no-header')).not.toBe('');
  });

  it('may start with - after --, and values of options in --option=value', async () => {
    await sandbox.db('save-memory', '--', '-agent', '--type', '[-1]');
    expect(await sandbox.db('get-memory', '--', '-agent')).toBe('[-1]\n');
    expect(await sandbox.db('get-memory', '--agent-id=-agent')).toBe('[-1]\n');
    expect(JSON.parse(await sandbox.db('query-memory', '--agent=-a%'))).toHaveLength(1);
  });

  it('take JSON of any size from standard input, byte for byte', async () => {
    const json = `{ "text" : "${'é🦊'.repeat(200_000)}" }\n`;
    const saved = await sandbox.run(['db', 'save-memory', 'large', 'validation', '-'], { input: json });
    expect(saved.exitCode).toBe(0);
    expect(await sandbox.db('get-memory', 'large')).toBe(`${json}\n`);
  });
});

it('takes an agent that is named like a format or a number as an option', async () => {
  for (const agent of ['json', '7']) {
    await sandbox.db('save-memory', agent, 'validation', '{}');
    expect(JSON.parse(await sandbox.db('query-memory', '--agent', agent))).toHaveLength(1);
    expect(JSON.parse(await sandbox.db('query-memory', agent, 'json'))).toHaveLength(1);
    expect(JSON.parse(await sandbox.db('query-memory', agent, '--format=json'))).toHaveLength(1);
  }
  await sandbox.db('save-memory', 'last-7-days', 'validation', '{}');
  expect(JSON.parse(await sandbox.db('query-memory', '--agent', 'last-7-days'))).toHaveLength(1);
  expect(JSON.parse(await sandbox.db('query-memory', '--agent-exact', 'last-7-days'))).toHaveLength(1);
  await sandbox.db('log-audit', 'a', 'op', 'completed', '--operation-type', '1200');
});

it('saves an entry whose kind of operation is a format, and exports to a file that is named like one', async () => {
  for (const type of ['json', 'id', 'completed']) {
    await sandbox.db('log-audit', 'format', 'render', 'completed', type, '1200', 'ok', '');
    await sandbox.db('log-audit', 'format', 'render', 'completed', type);
    await sandbox.shell(
      `eval "$(ggen-sim shell-init bash)"; db_log_audit format render completed ${type} 1200`,
    );
  }
  const rows = parseRows(await sandbox.db('query-audit-trail', 'format', '1'));
  expect(rows.map((row) => row['operation_type']).toSorted()).toEqual(
    ['completed', 'id', 'json'].flatMap((type) => [type, type, type]),
  );
  expect(rows.filter((row) => row['duration_ms'] === 1200)).toHaveLength(6);
  await sandbox.db('export-audit-trail', 'json', '--output', 'csv');
  expect(parseRows(readFileSync(join(sandbox.directory, 'csv'), 'utf8'))).not.toHaveLength(0);
});

it('selects one agent, and finds a receipt by the beginning of its id or by its execution', async () => {
  const ids: string[] = [];
  for (const agent of ['x_1', 'xy1']) {
    ids.push(await sandbox.db('save-receipt', `exec ${agent}`, agent, 'validation', `"${agent}"`));
  }
  const found = async (...words: string[]): Promise<unknown[]> =>
    parseRows(await sandbox.db('query-receipts', ...words)).map((row) => row['agent_id']);
  expect(await found('x_1')).toEqual(['xy1', 'x_1']);
  expect(await found(String.raw`x\_1`)).toEqual(['x_1']);
  expect(await found('--agent-exact', 'x_1')).toEqual(['x_1']);
  expect(await sandbox.db('get-receipt', ids[1]?.slice(0, 10) ?? '')).toBe('"xy1"\n');
  expect(await sandbox.db('get-receipt', '--execution-id', 'exec x_1')).toBe('"x_1"\n');
  const short = await sandbox.run(['db', 'get-receipt', ids[1]?.slice(0, 3) ?? '']);
  expect(short.exitCode).toBe(1);
  expect(short.stderr).toMatch(
    /^error\[NOT_FOUND\]: There is no receipt "...". The beginning of an id needs at least 4 characters\.$/mu,
  );
  const { stderr } = await sandbox.run(['db', 'get-receipt', 'exec x_1']);
  expect(stderr).toContain('An execution has this id: look its receipt up by --execution-id.');
});

it('names its own options in hints, not those of the library', async () => {
  await sandbox.db('save-receipt', 'hint', 'a', 't', '{}');
  const again = await sandbox.run(['db', 'save-receipt', 'hint', 'a', 't', '{}']);
  expect(again.stderr).toContain('Use --if-absent to make saving it again a no-op.');
  await sandbox.db('backup', './hint-backup');
  const restored = await sandbox.run(['db', 'restore', './hint-backup']);
  expect(restored.stderr).toContain('then restore with --force to replace the rows.');
});

it('says of missing locks what a command can do about them, and leaves out what only a program can', async () => {
  const preload = join(import.meta.dirname, 'without-locks.cjs');
  const { stderr, exitCode } = await sandbox.runProcess(['db', 'stats', '--db', 'unlocked/ggen.db'], {
    environment: { NODE_OPTIONS: `--require=${preload}` },
  });
  expect(stderr).toMatch(/^error\[LOCKS_UNAVAILABLE\]: .*\. Install fs-native-extensions\.$/mu);
  expect(exitCode).toBe(1);
  expect(existsSync(join(sandbox.directory, 'unlocked'))).toBe(false);
});

it('prints the manifest of a backup as its file has it', async () => {
  const { manifest } = JSON.parse(await sandbox.db('backup', './manifest-backup')) as { manifest: unknown };
  const file = readFileSync(join(sandbox.directory, 'manifest-backup', 'manifest.json'), 'utf8');
  expect(manifest).toEqual(JSON.parse(file));
});

it('gives exports and backups without a name one of their own each', async () => {
  const script =
    'for i in 1 2 3 4; do (cd here && ggen-sim db "$@" --db ../workspace/.ggen/ggen.db) & done; wait';
  const { stdout: made } = await sandbox.shell(`mkdir here; set -- export-audit-trail; ${script}`);
  expect(readdirSync(join(sandbox.directory, 'here'))).toHaveLength(4);
  expect(new Set(made.match(/audit-export[^"]*/gu)).size).toBe(4);
  await sandbox.shell(`rm -r here; mkdir here; set -- backup; ${script}`);
  expect(readdirSync(join(sandbox.directory, 'here'))).toHaveLength(4);
});

it('fails when help or the version cannot be written', async () => {
  for (const words of ['--help', 'db verify --help', 'help db', '--version']) {
    const { exitCode, stderr } = await sandbox.shell(`ggen-sim ${words} > /dev/full`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error\[IO_ERROR\]: .*no space left on device\.\n$/u);
  }
});

it('shows the help of a command by help and its words', async () => {
  const page = (await sandbox.run(['db', 'save-receipt', '--help'])).stdout;
  expect((await sandbox.run(['help', 'db', 'save-receipt'])).stdout).toBe(page);
});

describe('--version', () => {
  it('prints only the version', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run(['--version']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
  });
});

it('shows usage on stderr when no command is given', async () => {
  for (const words of [[], ['db'], ['run-agent']]) {
    const { exitCode, stdout, stderr } = await sandbox.run(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toContain('Usage: ggen-sim');
  }
  expect(existsSync(sandbox.databasePath)).toBe(true);
});

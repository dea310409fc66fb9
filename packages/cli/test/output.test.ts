/** Streams and formats of the output. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox, parseRows } from './run-cli.ts';

const sandbox = new Sandbox();
const stored = '{ "n": 9007199254740993, "n": 1.0 }';
let receiptId = '';

beforeAll(async () => {
  receiptId = (await sandbox.db('save-receipt', 'exec-1', 'validator-1', 'validation', stored)).trim();
  await sandbox.db('save-receipt', 'exec-2', 'generator-1', 'generation', '{}', 'error', '250');
  await sandbox.db('save-memory', 'validator-1', 'validation', '{"active":true}');
  await sandbox.db('log-audit', 'validator-1', 'render', 'failed', 'rendering', '5', '', '=cmd|calc');
});

describe('saving', () => {
  it('prints only the id, by which the row is found', async () => {
    expect(receiptId).toMatch(/^[0-9a-f]{64}$/u);
    expect(await sandbox.db('get-receipt', receiptId)).toBe(`${stored}\n`);
    const memoryId = (await sandbox.db('save-memory', 'm', 'validation', '1')).trim();
    const auditId = (await sandbox.db('log-audit', 'm', 'op', 'started')).trim();
    const [memory] = parseRows(await sandbox.db('query-memory', 'm'));
    const [audit] = parseRows(await sandbox.db('query-audit-trail', 'm'));
    expect([memory?.['memory_id'], audit?.['audit_id']]).toEqual([memoryId, auditId]);
  });

  it('prints the whole result with --format json', async () => {
    const answer = JSON.parse(
      await sandbox.db('save-memory', 'v', 'validation', '1', '--format=json'),
    ) as object;
    const again = JSON.parse(
      await sandbox.db('save-memory', 'v', 'validation', '2', '--format=json'),
    ) as object;
    expect([answer, again]).toEqual([
      { memory_id: expect.any(String) as string, version: 1 },
      { ...answer, version: 2 },
    ]);
  });

  it('of a memory is refused where --if-version is not the stored version', async () => {
    const saveIf = (version: string): string[] => [
      'save-memory',
      'w',
      'validation',
      version,
      '--if-version',
      version,
    ];
    await sandbox.db(...saveIf('0'));
    await sandbox.db(...saveIf('1'));
    const restore = ['memory', 'restore', 'w', '--version', '1', '--if-version'];
    for (const words of [saveIf('0'), saveIf('1'), [...restore, '1']]) {
      const { exitCode, stdout, stderr } = await sandbox.run(['db', ...words]);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^error\[VERSION_CONFLICT\].*is version 2, not [01]/u);
    }
    expect(JSON.parse(await sandbox.db(...restore, '2'))).toMatchObject({ version: 3 });
    expect(await sandbox.db('get-memory', 'w')).toBe('0\n');
  });
});

describe('rows', () => {
  it('are JSON by default, with the column names of the table', async () => {
    const rows = parseRows(await sandbox.db('query-receipts', 'validator-*'));
    expect(rows).toEqual([
      {
        receipt_id: receiptId,
        execution_id: 'exec-1',
        agent_id: 'validator-1',
        agent_type: 'validation',
        receipt_json: stored,
        status: 'success',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/u) as string,
        updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/u) as string,
        duration_ms: 0,
      },
    ]);
  });

  it('are one object per line as ndjson, newest first', async () => {
    const lines = (await sandbox.db('query-receipts', '%', 'ndjson')).trimEnd().split('\n');
    const ids = lines.map((line) => (JSON.parse(line) as Record<string, unknown>)['execution_id']);
    expect(ids).toEqual(['exec-2', 'exec-1']);
  });

  it('are oldest first with --oldest-first, up to the limit', async () => {
    const firstOf = async (...query: string[]): Promise<Record<string, unknown>[]> =>
      parseRows(await sandbox.db(...query, '--oldest-first'));
    expect(await firstOf('query-receipts', '%', 'json', '1')).toMatchObject([{ execution_id: 'exec-1' }]);
    for (const query of ['query-memory', 'query-audit-trail']) {
      const rows = parseRows(await sandbox.db(query));
      expect(rows.length).toBeGreaterThan(1);
      expect(await firstOf(query)).toEqual(rows.toReversed());
    }
  });

  it('are CSV on request, safe for spreadsheets with --csv-safe', async () => {
    const plain = await sandbox.db('query-audit-trail', 'validator-1', '7', 'csv');
    expect(plain).toMatch(/^audit_id,timestamp,agent_id,.*\r\n.*,=cmd\|calc\r\n$/u);
    expect(
      await sandbox.db('query-audit-trail', 'validator-1', '7', 'csv', '--no-header', '--csv-safe'),
    ).toMatch(/^[^\r\n]*,'=cmd\|calc\r\n$/u);
  });

  it('are [] in JSON if there are none, and empty in the other formats', async () => {
    for (const query of ['query-receipts', 'query-memory', 'query-audit-trail']) {
      expect(await sandbox.db(query, 'unknown')).toBe('[]\n');
      expect(await sandbox.db(query, 'unknown', '--format=ndjson')).toBe('');
      const table = await sandbox.run(['db', query, 'unknown', '--format=table']);
      expect(table).toEqual({ exitCode: 0, stdout: '', stderr: 'No rows.\n' });
    }
  });

  it('stop at the limit', async () => {
    expect(parseRows(await sandbox.db('query-receipts', '%', 'json', '1'))).toHaveLength(1);
    expect(parseRows(await sandbox.db('query-audit-trail', '--limit', '1'))).toHaveLength(1);
  });

  it('are a table without truncated cells in a pipe', async () => {
    const [heading, rule, newest] = (await sandbox.db('query-receipts', '--format', 'table')).split('\n');
    expect(heading?.split(/ {2,}/u)).toEqual([
      'created_at',
      'agent_id',
      'execution_id',
      'status',
      'duration_ms',
      'receipt_id',
    ]);
    expect(rule).toMatch(/^─+(?: {2}─+)*$/u);
    expect(newest).toMatch(/generator-1 {2}exec-2 .* error .* 250 {2}[0-9a-f]{64}$/u);
  });
});

describe('a result of any length', () => {
  it('is a table whose later rows widen their column', async () => {
    const file = join(sandbox.directory, 'many.db');
    await sandbox.db('init', '--db', file);
    // More rows than a JavaScript engine accepts as arguments of one call.
    execFileSync('sqlite3', [
      file,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 130000)
       INSERT INTO agent_memory (memory_id, agent_id, agent_type, memory_json, last_updated)
       SELECT i, iif(i = 1, 'agent-with-a-longer-name', 'agent-' || i), 'validation', '1', '2026-01-01 00:00:00' FROM n`,
    ]);
    const { exitCode, stdout, stderr } = await sandbox.run([
      'db',
      'query-memory',
      '%',
      'table',
      '--db',
      file,
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(130_003);
    expect(lines[0]).toMatch(/^last_updated +agent_id +/u);
    expect(lines.at(-2)).toContain('agent-with-a-longer-name  ');
  });
});

describe('reports', () => {
  it('have the documented keys, even for an empty database', async () => {
    const empty = ['--db', join(sandbox.directory, 'empty.db')];
    expect(JSON.parse(await sandbox.db('stats', ...empty))).toEqual({
      receipts_total: 0,
      receipts_success: 0,
      receipts_error: 0,
      agents_tracked: 0,
      audit_entries: 0,
      database_size_kb: Math.ceil(statSync(join(sandbox.directory, 'empty.db')).size / 1024),
      last_receipt: null,
    });
    expect(JSON.parse(await sandbox.db('analytics', ...empty))).toEqual({
      period: 'last-7-days',
      generated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u) as string,
      agent_metrics: [],
      receipt_statistics: [],
    });
  });

  it('show the path of the database', async () => {
    const status = JSON.parse((await sandbox.run(['status'])).stdout) as Record<string, unknown>;
    expect(status).toMatchObject({ storage: 'file', path: sandbox.databasePath, receipts_total: 2 });
    expect(Object.keys(status)).toEqual(
      expect.arrayContaining(['schema_version', 'lock_provider', 'size_bytes']),
    );
  });

  it('are tables on request', async () => {
    expect(await sandbox.db('stats', '--format=table')).toMatch(
      /^name +value\n─+ {2}─+\nreceipts_total +2\n/u,
    );
    const analytics = await sandbox.db('analytics', '--format=table');
    expect(analytics).toContain('\nagent_metrics:\nagent_id ');
    expect(analytics).toContain('\nreceipt_statistics:\nstatus ');
  });
});

describe('commands', () => {
  it('print data on stdout and everything else on stderr', async () => {
    for (const words of [['start'], ['db', 'init']]) {
      const { stdout, stderr } = await sandbox.runProcess(words);
      expect(stdout).toBe('');
      expect(stderr).toContain('Database ready');
    }
    for (const words of [
      ['db', 'stats'],
      ['db', 'query-receipts'],
      ['db', 'verify'],
      ['db', 'cleanup', '90'],
      ['status'],
    ]) {
      const { stdout, stderr, exitCode } = await sandbox.runProcess(words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(() => void JSON.parse(stdout)).not.toThrow();
    }
  });

  it('print no escape sequences to a pipe', async () => {
    for (const words of [
      ['--help'],
      ['db', 'query-receipts', '%', 'table'],
      ['status', '--format', 'table'],
    ]) {
      const { stdout, stderr } = await sandbox.run(words, { environment: { TERM: 'xterm-256color' } });
      expect(stdout + stderr).not.toContain('\u001B');
    }
  });

  it('exit with 0 when the reader of a pipe closes it early', async () => {
    const script = `
      set -o pipefail
      export DB_PATH=$PWD/early.db
      printf '"%01000000d"' 1 | ggen-sim db save-memory big validation - > /dev/null
      ggen-sim db query-memory | head -c 10 > /dev/null; echo "query \${PIPESTATUS[0]}"
      ggen-sim db get-memory big | head -c 10 > /dev/null; echo "get \${PIPESTATUS[0]}"
      for i in 1 2 3; do ggen-sim db log-audit "$i" op failed '' '' "$(printf '%0100000d' 1)" > /dev/null; done
      ggen-sim db export-audit-trail ndjson - | head -c 10 > /dev/null; echo "export \${PIPESTATUS[0]}"
      ggen-sim --help | true; echo "help \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await sandbox.shell(script);
    expect({ stdout, stderr }).toEqual({ stdout: 'query 0\nget 0\nexport 0\nhelp 0\n', stderr: '' });
  });

  it.skipIf(process.platform !== 'linux' /* only Linux has /dev/full */)(
    'exit with 1 when the disk is full',
    async () => {
      const { stdout, stderr } = await sandbox.shell('ggen-sim db stats > /dev/full; echo $?');
      expect(stdout).toBe('1\n');
      expect(stderr).toMatch(/^error\[IO_ERROR\]: .*no space left on device\.\n$/u);
    },
  );
});

describe('on a terminal', () => {
  /** Runs the program on a real terminal of a known width, made by Python's pty. */
  const onTerminal = (
    words: readonly string[],
    columns: number,
    environment: Record<string, string> = {},
  ): string => {
    const python = [
      'import fcntl,os,pty,struct,sys,termios',
      'pid, fd = pty.fork()',
      'if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])',
      'fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))',
      'data = b""',
      'try:',
      '  while chunk := os.read(fd, 65536): data += chunk',
      'except OSError: pass',
      'sys.stdout.buffer.write(data)',
    ].join('\n');
    const program = [process.execPath, programPath, ...words];
    const variables: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm-256color', ...environment };
    if (!('NO_COLOR' in environment)) delete variables['NO_COLOR'];
    // vitest sets FORCE_COLOR for its workers. With CI set, Node may report a terminal without colours.
    delete variables['FORCE_COLOR'];
    delete variables['CI'];
    const options = { cwd: sandbox.directory, env: variables, encoding: 'utf8' as const };
    return execFileSync('python3', ['-c', python, String(columns), ...program], options).replaceAll(
      '\r\n',
      '\n',
    );
  };

  it.each([80, 120])('fits a table into %d columns', (columns) => {
    const lines = onTerminal(['db', 'query-receipts', '--format', 'table'], columns, { NO_COLOR: '1' }).split(
      '\n',
    );
    expect(lines).toHaveLength(5);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines[2]).toContain('…');
    expect(lines[2]).toContain('generator-1');
  });

  it('prints bold headings unless NO_COLOR is set', () => {
    const words = ['db', 'query-receipts', '--format', 'table'];
    expect(onTerminal(words, 100)).toContain('\u001B[1mcreated_at');
    expect(onTerminal(words, 100, { NO_COLOR: '1' })).not.toContain('\u001B');
  });
});

describe('export', () => {
  it('writes a file that only its owner can read, and prints a report', async () => {
    const file = join(sandbox.directory, 'export.json');
    const report = JSON.parse(await sandbox.db('export-audit-trail', 'json', file)) as Record<
      string,
      unknown
    >;
    expect(report).toEqual({ path: file, rows: 2, bytes: statSync(file).size });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(parseRows(readFileSync(file, 'utf8'))).toHaveLength(2);
  });

  it('writes to standard output when the file is -', async () => {
    const csv = await sandbox.db('export-audit-trail', 'csv', '-', '--agent', 'validator-*', '--no-header');
    expect(csv).toMatch(/^[^\r\n]+,validator-1,render,rendering,failed,5,,=cmd\|calc\r\n$/u);
  });

  it('names the file by time and format by default', async () => {
    const { path } = JSON.parse(await sandbox.db('export-audit-trail', 'ndjson')) as { path: string };
    expect(path).toMatch(/audit-export-\d{8}-\d{6}\.ndjson$/u);
    expect(
      readFileSync(join(sandbox.directory, path.split('/').at(-1) ?? ''), 'utf8').split('\n'),
    ).toHaveLength(3);
  });
});

it('shows bytes of other programs alike in every format: a BLOB, and text that is not UTF-8', async () => {
  const insert = "INSERT INTO audit_log (audit_id, agent_id, operation, status, details) VALUES ('";
  const sql = [
    `${insert}b1', 'bytes', 'o', 'completed', x'00ff22');`,
    `${insert}b2', 'bytes', 'o', 'completed', CAST(x'00ff22' AS TEXT));`,
  ].join('');
  await sandbox.db('init');
  expect((await sandbox.spawn('sqlite3', [sandbox.databasePath, sql])).stderr).toBe('');
  const query = async (format: string): Promise<string> =>
    sandbox.db('query-audit-trail', 'bytes', '7', format);
  expect(parseRows(await query('json')).map((row) => row['details'])).toEqual([
    { base64: 'AP8i' },
    { base64: 'AP8i' },
  ]);
  expect((await query('csv')).match(/"\{""base64"":""AP8i""\}"/gu)).toHaveLength(2);
  expect((await query('table')).match(/ \{"base64":"AP8i"\}$/gmu)).toHaveLength(2);
});

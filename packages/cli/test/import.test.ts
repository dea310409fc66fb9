/** `db import`: what `db export` and `db backup` write, files of others, and refused lines. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const file = (name: string): string => join(sandbox.directory, name);
const imported = async (...words: string[]): Promise<unknown> =>
  JSON.parse(await sandbox.db('import', ...words, '--db', file('new.db')));

beforeAll(async () => {
  for (const n of [1, 2, 3]) await sandbox.db('save-receipt', `exec-${n}`, 'a', 't', `{"n": ${n}.0}`);
  await sandbox.db('save-memory', 'a', 't', '{"text":"a, \\"b\\""}');
  await sandbox.db('log-audit', 'a', 'render', 'failed', '', '5', 'line 1\nline 2', '=x');
  await sandbox.db('backup', file('backup'));
});

it.each(['ndjson', 'json', 'csv'])('imports what db export wrote as %s, byte for byte', async (format) => {
  for (const table of ['receipts', 'memory', 'audit']) {
    const path = file(`${table}.${format}.gz`);
    await sandbox.db('export', table, format, path, '--gzip', '--oldest-first');
    const db = file(`${format}.db`);
    const report = JSON.parse(await sandbox.db('import', table, path, '--db', db)) as { refused: number };
    expect(report.refused).toBe(0);
    const options = [format, '-', '--oldest-first'];
    expect(await sandbox.db('export', table, ...options, '--db', db)).toBe(
      await sandbox.db('export', table, ...options),
    );
  }
});

it('imports a backup directory and standard input, and skips what is stored with --if-absent', async () => {
  expect(await imported('receipts', file('backup'))).toMatchObject({ rows: 3, already_stored: 0 });
  await sandbox.db('export', 'receipts', 'ndjson', file('all.ndjson'));
  const result = await sandbox.run(['db', 'import', 'receipts', '-', '--if-absent', '--db', file('new.db')], {
    input: readFileSync(file('all.ndjson')),
  });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual({ rows: 0, already_stored: 3, refused: 0, refused_lines: [] });
});

it('names refused lines, stores the others and exits with 1', async () => {
  writeFileSync(
    file('mixed.jsonl'),
    '{"agent_id":"m","agent_type":"t","memory_json":"1"}\n{"agent_id":"n"}\nnonsense\n',
  );
  const result = await sandbox.run(['db', 'import', 'memory', file('mixed.jsonl'), '--db', file('mixed.db')]);
  expect(result.exitCode).toBe(1);
  expect(JSON.parse(result.stdout)).toMatchObject({
    rows: 1,
    refused: 2,
    refused_lines: [{ line: 2 }, { line: 3 }],
  });
  expect(result.stderr).toMatch(/^line 2: agent_type is NULL\nline 3: it is not one JSON object\n$/u);
  expect(await sandbox.db('get-memory', 'm', '--db', file('mixed.db'))).toBe('1\n');
});

it('with --dry-run counts what it would do, changes nothing and creates no database', async () => {
  writeFileSync(
    file('some.ndjson'),
    '{"agent_id":"m","agent_type":"t","memory_json":"1"}\n{"agent_id":"n"}\n',
  );
  const counted = { rows: 1, already_stored: 0, refused: 1, refused_lines: [{ line: 2 }], dry_run: true };
  const words = ['db', 'import', 'memory', file('some.ndjson'), '--if-absent', '--dry-run'];
  for (const db of [file('dry.db'), file('present.db')]) {
    const before = existsSync(db) ? readFileSync(db) : undefined;
    const result = await sandbox.run([...words, '--db', db]);
    expect(JSON.parse(result.stdout)).toMatchObject(counted);
    expect(result).toMatchObject({ exitCode: 1, stderr: 'line 2: agent_type is NULL\n' });
    expect(existsSync(db) ? readFileSync(db) : undefined).toEqual(before);
    await sandbox.db('init', '--db', file('present.db'));
  }
  await sandbox.db('save-memory', 'm', 't', '1', '--db', file('present.db'));
  const { stdout } = await sandbox.run([
    ...words.filter((word) => word !== '--if-absent'),
    '--db',
    file('present.db'),
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ rows: 0, refused: 2 });
});

it.each(['import', 'restore'])(
  'with --dry-run %s refuses a key file without a key, as without it',
  async (command) => {
    writeFileSync(file('no-key'), 'no key');
    const source = command === 'import' ? ['memory', file('backup')] : [file('backup')];
    const words = ['db', command, ...source, '--key-file', file('no-key'), '--db', file('keyed.db')];
    const refused = await sandbox.run([...words, '--dry-run']);
    expect(refused).toMatchObject({ exitCode: 64, stdout: '' });
    expect(refused).toEqual(await sandbox.run(words));
    expect(existsSync(file('keyed.db'))).toBe(false);
  },
);

it('reports a missing file, and creates no database for it', async () => {
  const result = await sandbox.run(['db', 'import', 'memory', file('none.csv'), '--db', file('none.db')]);
  expect(result).toMatchObject({ exitCode: 1, stdout: '' });
  expect(result.stderr).toMatch(/none\.csv/u);
  expect(() => readFileSync(file('none.db'))).toThrow(/ENOENT/u);
});

/** Path of the database: precedence of `--db` and the variables. */
import { existsSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (...parts: string[]): string => join(sandbox.directory, ...parts);

const ALL = {
  DB_PATH: at('by-path', 'my.db'),
  DB_DIR: at('by-dir'),
  WORKSPACE_DIR: at('by-workspace'),
  SCRIPT_DIR: at('by-script'),
};

const cases: readonly (readonly [
  rule: string,
  environment: Record<string, string>,
  options: string[],
  expected: string,
])[] = [
  ['--db takes precedence', ALL, ['--db', 'by-option.db'], at('by-option.db')],
  ['DB_PATH is next', ALL, [], ALL.DB_PATH],
  ['then DB_DIR', { ...ALL, DB_PATH: '' }, [], at('by-dir', 'ggen.db')],
  ['then WORKSPACE_DIR', { ...ALL, DB_PATH: '', DB_DIR: '' }, [], at('by-workspace', '.ggen', 'ggen.db')],
  [
    'then SCRIPT_DIR',
    { ...ALL, DB_PATH: '', DB_DIR: '', WORKSPACE_DIR: '' },
    [],
    at('by-script', 'workspace', '.ggen', 'ggen.db'),
  ],
  ['then the current directory', {}, [], at('workspace', '.ggen', 'ggen.db')],
  ['an empty --db counts as not given', { DB_PATH: ALL.DB_PATH }, ['--db='], ALL.DB_PATH],
  ['relative paths start at the current directory', { DB_DIR: 'relative' }, [], at('relative', 'ggen.db')],
];

it.each(cases)('%s', async (_, environment, options, expected) => {
  const { exitCode, stdout } = await sandbox.run(['status', '--create', ...options], { environment });
  expect(exitCode).toBe(0);
  expect((JSON.parse(stdout) as Record<string, unknown>)['path']).toBe(expected);
  expect(statSync(expected).mode & 0o777).toBe(0o600);
});

it('accepts --db in any position', async () => {
  for (const words of [
    ['--db', 'any.db', 'db', 'stats'],
    ['db', '--db', 'any.db', 'stats'],
    ['db', 'stats', '--db', 'any.db'],
  ]) {
    expect((await sandbox.run(words)).exitCode).toBe(0);
  }
  expect(existsSync(at('any.db'))).toBe(true);
});

it('keeps a value that looks like an option', async () => {
  await sandbox.db('log-audit', 'a', 'op', 'failed', '--details', '--verbose', '--error-message=--db');
  const [row] = JSON.parse(await sandbox.db('query-audit-trail', 'a')) as Record<string, unknown>[];
  expect(row).toMatchObject({ details: '--verbose', error_message: '--db' });
});

it('follows symlinks', async () => {
  await sandbox.db('init', '--db', at('real.db'));
  symlinkSync(at('real.db'), at('link.db'));
  await sandbox.db('save-memory', 'a', 'b', '1', '--db', at('link.db'));
  expect(await sandbox.db('get-memory', 'a', '--db', at('real.db'))).toBe('1\n');
});

it('start creates the workspace and keeps an existing one', async () => {
  const environment = { WORKSPACE_DIR: at('fresh') };
  const first = await sandbox.run(['start'], { environment });
  expect(first).toMatchObject({ exitCode: 0, stdout: '' });
  expect(first.stderr).toContain(`Database ready:  ${at('fresh', '.ggen', 'ggen.db')}`);
  expect([at('fresh'), at('fresh', '.ggen')].map((path) => statSync(path).mode & 0o777)).toEqual([
    0o700, 0o700,
  ]);
  await sandbox.run(['db', 'save-memory', 'a', 'b', '1'], { environment });
  expect((await sandbox.run(['start'], { environment })).exitCode).toBe(0);
  expect((await sandbox.run(['db', 'get-memory', 'a'], { environment })).stdout).toBe('1\n');
});

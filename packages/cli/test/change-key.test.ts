/** `db encrypt`, `db decrypt` and `db rekey`: what they keep, what they refuse, and that no output has a key. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (...parts: string[]): string => join(sandbox.directory, ...parts);
const [FIRST, SECOND] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
const SECRET = 'plain words of a receipt';
const FIRST_KEY = ['--key-file', 'first.key'];
const SECOND_KEY = ['--key-file', 'second.key'];

const isPlain = (): boolean => readFileSync(at('runs.db')).includes(SECRET);

async function changed(words: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await sandbox.run(['db', ...words, '--db', 'runs.db'], {
    environment,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  return stderr;
}

/** Runs a command that fails and changes nothing. */
async function refused(
  words: readonly string[],
  code: string,
  text: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const before = readFileSync(at('runs.db'));
  const { exitCode, stdout, stderr } = await sandbox.run(['db', ...words, '--db', 'runs.db'], {
    environment,
  });
  expect(stderr).toContain(`error[${code}]: `);
  expect(stderr).toContain(text);
  expect({ exitCode, stdout }).toEqual({ exitCode: code === 'USAGE' ? 64 : 1, stdout: '' });
  for (const secret of [FIRST, SECOND]) expect(stderr).not.toContain(secret);
  expect(readFileSync(at('runs.db')).equals(before)).toBe(true);
}

beforeAll(async () => {
  writeFileSync(at('first.key'), FIRST, { mode: 0o600 });
  writeFileSync(at('second.key'), SECOND, { mode: 0o600 });
  const receipt = JSON.stringify({ text: SECRET });
  await sandbox.db('save-receipt', 'exec-1', 'agent-1', 'validation', receipt, '--db', 'runs.db');
});

it('encrypts, changes the key and decrypts in the same file, and leaves nothing beside it', async () => {
  const { ino } = statSync(at('runs.db'));
  const rows = await sandbox.db('query-receipts', '--db', 'runs.db');

  expect(await changed(['encrypt', ...FIRST_KEY])).toMatch(
    /^Encrypted: .*runs\.db\. .*\nHooks record nothing more, unless .*runs\.db-hooks and .*runs\.db-hooks\.refused is not encrypted\n$/u,
  );
  expect(isPlain()).toBe(false);
  expect(await sandbox.db('query-receipts', '--db', 'runs.db', ...FIRST_KEY)).toBe(rows);
  await refused(['encrypt', ...SECOND_KEY], 'KEY_REQUIRED', "'ggen-sim db rekey' gives it another key");
  await refused(['decrypt', ...SECOND_KEY], 'WRONG_KEY', 'encrypted with another key');
  await refused(
    ['rekey', ...FIRST_KEY],
    'USAGE',
    '--new-key-file or --new-key-command, or in GGEN_SIM_NEW_KEY',
  );
  await refused(['rekey', ...FIRST_KEY, '--new-key-command', `echo ${FIRST}`], 'USAGE', 'is the old one');
  await refused(['rekey', ...SECOND_KEY, '--new-key-file', 'first.key'], 'WRONG_KEY', 'another key');

  await changed(['rekey', ...FIRST_KEY], { GGEN_SIM_NEW_KEY: SECOND });
  expect(await sandbox.db('query-receipts', '--db', 'runs.db', ...SECOND_KEY)).toBe(rows);
  await refused(['verify', ...FIRST_KEY], 'WRONG_KEY', 'another key');
  expect(JSON.parse(await sandbox.db('verify', '--db', 'runs.db', ...SECOND_KEY))).toMatchObject({
    ok: true,
  });

  await changed(['decrypt', ...SECOND_KEY]);
  expect(isPlain()).toBe(true);
  expect(await sandbox.db('query-receipts', '--db', 'runs.db')).toBe(rows);
  await refused(['decrypt', ...FIRST_KEY], 'WRONG_KEY', 'is not encrypted');
  await refused(['encrypt'], 'USAGE', '--key-file or --key-command, or in GGEN_SIM_KEY');
  expect(statSync(at('runs.db')).ino).toBe(ino);
  expect(statSync(at('runs.db')).mode & 0o777).toBe(0o600);
  expect(readdirSync(sandbox.directory).toSorted()).toEqual(['first.key', 'runs.db', 'second.key']);
});

it('refuses a database that is not there, and creates none', async () => {
  const { exitCode, stderr } = await sandbox.run(['db', 'encrypt', '--db', 'runz.db', ...FIRST_KEY]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('error[NOT_FOUND]: ');
  expect(readdirSync(sandbox.directory)).not.toContain('runz.db');
});

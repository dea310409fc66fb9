/** `sync` with a key: what leaves is encrypted, and which keys are refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
afterEach(() => {
  delete process.env['GGEN_SIM_SYNC_KEY'];
});

async function printed(...words: string[]): Promise<string> {
  const finished = await sandbox.run(words);
  expect(finished).toMatchObject({ exitCode: 0 });
  return finished.stdout;
}

it('encrypts what leaves with the key of a file or the variable, and refuses another one and none', async () => {
  const [key, other, databaseKey] = ['7', '8', '9'].map((digit) => digit.repeat(64));
  for (const [name, digits] of Object.entries({ key, other, 'database-key': databaseKey }))
    writeFileSync(at(name), `${digits}\n`, { mode: 0o600 });
  const [one, two] = [
    ['--db', at('one.db'), '--key-file', at('database-key')],
    ['--db', at('two.db')],
  ] as const;
  const file = ['--sync-key-file', at('key')];
  await printed('start', ...one);
  await printed('db', 'save-receipt', 'one', 'agent', 'test', '{"text":"SECRET"}', ...one);
  // Of an encrypted database nothing leaves as it is, unless that is wanted.
  expect(await sandbox.run(['sync', 'init', at('hub.db'), ...one])).toMatchObject({ exitCode: 64 });
  await printed('sync', 'init', at('hub.db'), ...file, ...one);
  const without = await sandbox.run(['sync', 'push', ...one]);
  expect(without).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^error\[SYNC_KEY_REQUIRED\]/u),
  });
  await printed('sync', 'push', ...file, ...one);
  expect(readFileSync(at('hub.db'), 'latin1')).not.toContain('SECRET');

  await printed('db', 'save-receipt', 'two', 'agent', 'test', '{}', ...two);
  // A key that does not fit is told before it is set, unless nobody is asked.
  for (const [words, code] of [
    [[], 'SYNC_KEY_REQUIRED'],
    [['--sync-key-file', at('other')], 'SYNC_WRONG_KEY'],
  ] as const) {
    const { stderr } = await sandbox.run(['sync', 'init', at('hub.db'), ...words, ...two]);
    expect(stderr).toContain(`error[${code}]`);
    expect(await sandbox.run(['sync', 'run', ...two])).toMatchObject({
      stderr: expect.stringContaining('SYNC_NOT_SET_UP'),
    });
  }
  await printed('sync', 'init', at('hub.db'), '--offline', ...two);
  const refused = async (...words: string[]): Promise<string> => {
    const { exitCode, stderr } = await sandbox.run(['sync', 'run', ...words, ...two]);
    expect(exitCode).toBe(1);
    expect(stderr).not.toContain(other);
    return stderr;
  };
  expect(await refused()).toMatch(/^error\[SYNC_KEY_REQUIRED\]/u);
  expect(await refused('--sync-key-file', at('other'))).toMatch(/^error\[SYNC_WRONG_KEY\]/u);
  // The empty text is what a shell makes of a file that is missing.
  for (const none of ['a passphrase', '']) {
    process.env['GGEN_SIM_SYNC_KEY'] = none;
    for (const words of [['run'], ['init', at('new-hub.db')]])
      expect(await sandbox.run(['sync', ...words, ...two])).toMatchObject({ exitCode: 64, stdout: '' });
  }
  process.env['GGEN_SIM_SYNC_KEY'] = key;
  await printed('sync', 'run', ...two);
  expect(await printed('db', 'query-receipts', ...two)).toContain('SECRET');
  const status = JSON.parse(await printed('sync', 'status', ...two)) as Record<string, unknown>;
  expect(status).toMatchObject({ lag_entries: 0, last_error: null, key_id: expect.any(String) });
});

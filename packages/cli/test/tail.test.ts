/** `db tail`: one event a line, resumed by its id, and followed while other processes save. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly seq: number; readonly row?: Readonly<Record<string, unknown>> };
}

const eventsOf = (lines: string): Event[] =>
  lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event);

const save = (executionId: string): Promise<string> =>
  sandbox.dbProcess('save-receipt', executionId, 'validator-1', 'validation', '{"n":1}');

describe('db tail', () => {
  it('prints one event a line for jq, and goes on after an id, a number or the latest', async () => {
    for (const id of ['a', 'b', 'c']) await save(id);
    const events = eventsOf(await sandbox.db('tail'));
    expect(events.map(({ data }) => data.seq)).toEqual([1, 2, 3]);
    for (const after of [events[0]?.id ?? '', '1'])
      expect(eventsOf(await sandbox.db('tail', '--after', after))).toEqual(events.slice(1));
    expect(await sandbox.db('tail', '--after', 'latest')).toBe('');
    expect(eventsOf(await sandbox.db('tail', '--limit', '1'))).toEqual(events.slice(0, 1));
    const jq = await sandbox.shell(
      `ggen-sim db tail --rows | jq -r 'select(.data.table == "receipts") | .data.row.execution_id'`,
    );
    expect(jq).toMatchObject({ stdout: 'a\nb\nc\n', stderr: '', exitCode: 0 });
    const [first] = eventsOf(await sandbox.db('tail', '--rows', '--limit', '1'));
    expect(first?.data.row).toMatchObject({ receipt_json: '{"n":1}', agent_type: 'validation' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'follows what other processes save, and ends without an error on %s',
    async (signal) => {
      const { length } = eventsOf(await sandbox.db('tail'));
      const child = spawn(process.execPath, [programPath, 'db', 'tail', '--follow', '--after', '0'], {
        cwd: sandbox.directory,
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
      child.stderr.on('data', (data: Buffer) => (stderr += String(data)));
      const ended = once(child, 'close');
      await expect.poll(() => stdout.split('\n').length - 1).toBe(length);
      await Promise.all(['x', 'y', 'z'].map((name) => save(`${signal}-${name}`)));
      await expect.poll(() => stdout.split('\n').length - 1).toBe(length + 3);
      child.kill(signal);
      expect((await ended)[0]).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(stderr).toBe('');
      expect(eventsOf(stdout)).toEqual(eventsOf(await sandbox.db('tail')));
    },
  );

  it('ends when the reader closes the pipe', async () => {
    const script = `
      set -o pipefail
      ggen-sim db tail --follow | head -n 1 > first.ndjson &
      while ! test -s first.ndjson; do sleep 0.05; done
      for name in p q r; do ggen-sim db save-receipt pipe-$name v t '{}' > /dev/null; done
      wait $!; echo "ended with $?"`;
    expect(await sandbox.shell(script)).toMatchObject({ stdout: 'ended with 0\n', stderr: '', exitCode: 0 });
  });

  it('says that a database has no change log, and how to create it', async () => {
    await sandbox.run(['start', '--no-change-log', '--db', 'plain.db']);
    const { exitCode, stderr, stdout } = await sandbox.run(['db', 'tail', '--db', 'plain.db']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(
      "error[NO_CHANGE_LOG]: The database has no change log. Create it with 'ggen-sim db history enable'.\n",
    );
    expect((await sandbox.run(['db', 'history', 'enable', '--db', 'plain.db'])).exitCode).toBe(0);
    expect(await sandbox.run(['db', 'tail', '--db', 'plain.db'])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('refuses a position that is none, and one of another database', async () => {
    const wrong = await sandbox.run(['db', 'tail', '--after', 'yesterday']);
    expect(wrong).toMatchObject({ exitCode: 64, stdout: '' });
    expect(wrong.stderr).toContain("or 'latest'");
    const other = await sandbox.run([
      'db',
      'tail',
      '--after',
      '019b0000-0000-7000-8000-000000000000/1/00000000',
    ]);
    expect(other).toMatchObject({ exitCode: 1, stdout: '' });
    expect(other.stderr).toContain('error[CHANGE_LOG_RESET]: The change log is that of');
    expect(other.stderr).toContain("--after 'latest'");
  });
});

/** `db sql`: queries that a person writes, in every format, which only read and come to an end. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

describe('db sql', () => {
  it('prints rows in every format, exactly, with the names of the columns told apart', async () => {
    await sandbox.db('save-receipt', 'a', 'validator-1', 'validation', '{}', 'success', '7');
    const query = "SELECT agent_id, 9007199254740993 AS n, x'00ff' AS n, NULL AS n FROM receipts";
    expect(await sandbox.db('sql', query)).toBe(
      '[{"agent_id":"validator-1","n":9007199254740993,"n_2":{"base64":"AP8="},"n_3":null}]\n',
    );
    expect(await sandbox.db('sql', query, '--format', 'csv')).toBe(
      'agent_id,n,n_2,n_3\r\nvalidator-1,9007199254740993,"{""base64"":""AP8=""}",\r\n',
    );
    expect(await sandbox.db('sql', query, '--format', 'table')).toMatch(/^agent_id +n +n_2 +n_3\n/u);
    expect(await sandbox.db('sql', 'SELECT 1 AS one WHERE 0')).toBe('[]\n');
    expect(await sandbox.db('sql', 'SELECT ? AS a, ? AS b', '--parameter', 'x', '--parameter', "'; --")).toBe(
      `[{"a":"x","b":"'; --"}]\n`,
    );
    const piped = await sandbox.run(['db', 'sql', '-'], { input: 'SELECT count(*) AS n\nFROM receipts;\n' });
    expect(piped).toEqual({ exitCode: 0, stdout: '[{"n":1}]\n', stderr: '' });
    expect(await sandbox.db('sql', 'SELECT * FROM receipts WHERE receipt_id = 1', '--explain')).toContain(
      'SEARCH receipts USING INDEX',
    );
  });

  it('says when there are more rows than the limit', async () => {
    const finished = await sandbox.run(['db', 'sql', 'VALUES (1), (2), (3)', '--limit', '2']);
    expect(finished).toEqual({
      exitCode: 0,
      stdout: '[{"column1":1},\n{"column1":2}]\n',
      stderr: 'There are more rows than these 2.\n',
    });
    expect((await sandbox.run(['db', 'sql', 'VALUES (1), (2)', '--limit', '2'])).stderr).toBe('');
  });

  it.each([
    'DELETE FROM receipts',
    'PRAGMA journal_mode = WAL',
    "ATTACH 'other.db' AS other",
    "VACUUM INTO 'other.db'",
    'SELECT 1; DELETE FROM receipts',
    'SELEC 1',
  ])('refuses %s, and changes no byte', async (statement) => {
    const before = readFileSync(sandbox.databasePath);
    const { exitCode, stdout, stderr } = await sandbox.run(['db', 'sql', statement]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toMatch(/^error\[INVALID_ARGUMENT\]: Invalid sql: .*\n$/u);
    expect(readFileSync(sandbox.databasePath).equals(before)).toBe(true);
    expect((await sandbox.spawn('ls', [])).stdout).toBe('workspace\n');
  });

  it('ends a query whose time is over', async () => {
    const { exitCode, stdout, stderr } = await sandbox.runProcess(['db', 'sql', ENDLESS, '--timeout', '1']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(
      'error[TIMEOUT]: The query did not end within 1000 ms. Look at its plan with --explain, narrow it down, or give it more time.\n',
    );
  });

  it('ends at once on Ctrl-C', async () => {
    const finished = await sandbox.runProcess(['db', 'sql', ENDLESS, '--timeout', '100000'], {
      whileRunning(child) {
        void (async () => {
          // A signal that comes before the query begins ends the program in its usual way.
          while (child.exitCode === null && child.signalCode === null) {
            await pause(500);
            child.kill('SIGINT');
          }
        })();
      },
    });
    expect(finished.stdout).toBe('');
    expect([null, 130]).toContain(finished.exitCode);
  });
});

/** Outputs that are files of the database, and outputs that are no regular files. */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const EXPORT = 'ggen-sim db export-audit-trail json';
const database = 'workspace/.ggen/ggen.db';

beforeAll(async () => {
  await sandbox.db('log-audit', 'validator-1', 'render', 'completed');
  symlinkSync(database, join(sandbox.directory, 'symlink'));
  linkSync(sandbox.databasePath, join(sandbox.directory, 'hard-link'));
});

describe('an output into a file of the database is refused', () => {
  it('by path, link or inode, as an argument or a redirection, and the database stays as it is', async () => {
    const before = readFileSync(sandbox.databasePath);
    const commands = [
      `${EXPORT} ${database}`,
      `${EXPORT} ${database}-journal`,
      `${EXPORT} symlink`,
      `${EXPORT} hard-link`,
      `ggen-sim db backup ${database}-wal`,
      `ggen-sim db stats >> ${database}`,
      `${EXPORT} - >> hard-link`,
      `${EXPORT} /dev/stdout >> symlink`,
      `ggen-sim db query-receipts 1<> ${database}`,
    ];
    const script = commands.map((command) => `${command}; echo "$?" >&2`).join('\n');
    const { stdout, stderr } = await sandbox.shell(script);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2 * commands.length);
    for (const [index, command] of commands.entries()) {
      const [message, exitCode] = lines.slice(2 * index, 2 * index + 2);
      expect([command, message, exitCode]).toEqual([
        command,
        expect.stringMatching(/^error\[INVALID_ARGUMENT\]: /u),
        '64',
      ]);
    }
    expect(stdout).toBe('');
    const noMessage = await sandbox.shell(`ggen-sim db stats 2>> ${database}`);
    expect(noMessage).toEqual({ exitCode: 64, stdout: '', stderr: '' });
    expect(readFileSync(sandbox.databasePath).equals(before)).toBe(true);
    expect(JSON.parse(await sandbox.db('stats'))).toMatchObject({ audit_entries: 1 });
  });
});

describe('an output into any other SQLite database is refused', () => {
  it('by path or redirection, also where the command opens no database', async () => {
    const other = join(sandbox.directory, 'history.sqlite');
    execFileSync('sqlite3', [other, 'CREATE TABLE urls (id)']);
    writeFileSync(`${other}-journal`, '');
    const before = readFileSync(other);
    const commands = [
      `${EXPORT} history.sqlite`,
      `${EXPORT} history.sqlite-journal`,
      `${EXPORT} - >> history.sqlite`,
      `${EXPORT} /dev/fd/3 3>> history.sqlite`,
      'ggen-sim db stats 1<> history.sqlite',
      'ggen-sim db stats >> history.sqlite-journal',
      'ggen-sim completion bash >> history.sqlite',
      'ggen-sim --help >> history.sqlite',
      'ggen-sim db backup history.sqlite',
    ];
    const script = commands.map((command) => `${command}; echo "$?" >&2`).join('\n');
    const { stderr } = await sandbox.shell(script);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2 * commands.length);
    for (const [index, command] of commands.entries()) {
      const [message, exitCode] = lines.slice(2 * index, 2 * index + 2);
      expect([command, message, exitCode]).toEqual([
        command,
        expect.stringMatching(/^error\[INVALID_ARGUMENT\]: .*(?:history\.sqlite|\/dev\/fd\/3)/u),
        '64',
      ]);
    }
    const noMessage = await sandbox.shell('ggen-sim db no-such-command 2>> history.sqlite');
    expect(noMessage).toEqual({ exitCode: 64, stdout: '', stderr: '' });
    expect(readFileSync(other).equals(before)).toBe(true);
    expect(readFileSync(`${other}-journal`)).toHaveLength(0);
  });
});

describe('an output that is no regular file is written through', () => {
  it('/dev/stdout has the rows alone, into a pipe and after what a file holds', async () => {
    const rows = await sandbox.db('export-audit-trail', 'json', '-');
    expect(JSON.parse(rows)).toHaveLength(1);
    expect(await sandbox.db('export-audit-trail', 'json', '/dev/stdout')).toBe(rows);
    const { stdout } = await sandbox.shell(
      `echo first > log; ${EXPORT} /dev/stdout >> log; cat log; ${EXPORT} /dev/fd/1 | cat`,
    );
    expect(stdout).toBe(`first\n${rows}${rows}`);
  });

  it('process substitution and a named pipe get every row', async () => {
    const rows = await sandbox.db('export-audit-trail', 'json', '-');
    execFileSync('mkfifo', [join(sandbox.directory, 'pipe')]);
    const { stdout, exitCode } = await sandbox.shell(
      `${EXPORT} >(cat > copy) > report && wait $! && cat copy
       cat pipe & ${EXPORT} pipe > report && wait`,
    );
    expect([exitCode, stdout]).toEqual([0, rows + rows]);
    expect(statSync(join(sandbox.directory, 'pipe')).isFIFO()).toBe(true);
  });
});

/** Paths that cannot be used: a plain reason with the path and a code, no word of the system behind it. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
mkdirSync(at('folder'));
writeFileSync(at('file'), 'text');
symlinkSync('loop-2', at('loop-1'));
symlinkSync('loop-1', at('loop-2'));

const LONG = 'n'.repeat(300);
/** Unusable paths and why. The file of a database or an export is created in a folder that is missing. */
const UNUSABLE: readonly (readonly [path: string, reason: string])[] = [
  ['file/x', 'a part of the path is not a folder'],
  [LONG, 'name too long'],
  ['loop-1', 'too many symbolic links'],
  ['loop-1/x', 'too many symbolic links'],
];
/** Names of errors, system calls and functions of Node and this program. */
const LEAKED =
  /\bE[A-Z]{3,}\b|\b(?:lstat|open|mkdir|scandir|uv_cwd)\b '|\bSQLITE_\w+|\bat \S+:\d|undefined|caller/u;

const COMMANDS: readonly (readonly [
  code: string,
  words: (path: string) => readonly string[],
  folderReason: string,
])[] = [
  ['INITIALIZATION_FAILED', (path) => ['db', 'init', '--db', path], 'it is not a regular file'],
  ['INITIALIZATION_FAILED', (path) => ['db', 'query-receipts', '--db', path], 'it is not a regular file'],
  ['IO_ERROR', (path) => ['db', 'export-audit-trail', 'json', path], 'it is a folder'],
  ['IO_ERROR', (path) => ['run-agent', 'validation', '--spec', path], 'it is a folder'],
];

it.each(COMMANDS)('%s for a path that cannot be used (%#)', async (code, words, folderReason) => {
  await sandbox.db('init');
  const before = readdirSync(sandbox.directory);
  for (const [path, reason] of [['folder', folderReason] as const, ...UNUSABLE]) {
    const { exitCode, stderr } = await sandbox.run(words(path));
    const line = stderr.split('\n').find((text) => text.startsWith('error['));
    expect(exitCode, line).toBe(1);
    expect(line).toContain(`error[${code}]: `);
    expect(line).toContain(path);
    expect(line).toContain(reason);
    expect(line).not.toMatch(LEAKED);
  }
  expect(readdirSync(sandbox.directory)).toEqual(before);
});

it('a workspace, a temporary folder and a current folder that cannot be used', async () => {
  const start = await sandbox.run(['start'], { environment: { WORKSPACE_DIR: 'file/x' } });
  expect(start).toMatchObject({
    exitCode: 1,
    stderr: `error[IO_ERROR]: ${at('file/x')}: a part of the path is not a folder.\n`,
  });
  const long = await sandbox.run(['start'], { environment: { WORKSPACE_DIR: at(`new/deep/${LONG}`) } });
  expect(long.stderr).toMatch(/^error\[IO_ERROR\]: .*name too long/u);
  expect(existsSync(at('new'))).toBe(false);
  // A process of its own with a limit of CPU time: when this fails, it never ends.
  const noFolders = await sandbox.shell('ulimit -t 30; WORKSPACE_DIR=/proc/none/x ggen-sim start');
  expect(noFolders).toMatchObject({
    exitCode: 1,
    stderr: 'error[IO_ERROR]: /proc/none: no such file or directory.\n',
  });
  for (const words of [
    ['db', 'init', '--db', 'new/deep/LONG/x'],
    ['db', 'init', '--db', 'new/deep/LONG'],
    ['db', 'export-audit-trail', 'json', 'new/deep/LONG/x'],
    ['db', 'export-audit-trail', 'json', 'new/deep/LONG'],
    ['db', 'backup', 'new/deep/LONG'],
  ]) {
    const failed = await sandbox.run(words.map((word) => word.replace('LONG', LONG)));
    expect(failed.stderr).toMatch(/name too long/u);
    expect([words, existsSync(at('new'))]).toEqual([words, false]);
  }
  const test = await sandbox.run(['db', 'test'], { environment: { TMPDIR: at('missing') } });
  expect(test.exitCode).toBe(1);
  expect(test.stderr).toMatch(/^error\[IO_ERROR\]: \S+: no such file or directory\.\n$/u);
  const gone = await sandbox.shell('mkdir gone; cd gone; rmdir ../gone; ggen-sim db stats');
  expect(gone).toMatchObject({
    exitCode: 1,
    stderr: 'error[IO_ERROR]: The current directory: no such file or directory.\n',
  });
});

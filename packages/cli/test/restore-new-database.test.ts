/** A restore to a database that does not exist: complete, or nothing is left, and the message says why in plain words. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (...parts: string[]): string => join(sandbox.directory, ...parts);
const listed = (): string[] => readdirSync(sandbox.directory, { recursive: true }).map(String).toSorted();

/** System words, names of calls and internal names. */
const LEAKED = /\bE[A-Z]{3,}\b(?!\])|lstat|mkdir|\bopen '|\.partial|by the caller/u;

beforeAll(async () => {
  await sandbox.db('save-memory', 'agent-1', 'validation', '{"n":1}');
  await sandbox.db('save-receipt', 'e', 'agent-1', 'validation', '{}');
  await sandbox.db('backup', 'backup');
  cpSync(at('backup'), at('incomplete'), { recursive: true });
  rmSync(at('incomplete', 'audit_log.json'));
  cpSync(at('backup'), at('forged'), { recursive: true });
  writeFileSync(
    at('forged', 'receipts.json'),
    readFileSync(at('forged', 'receipts.json'), 'utf8').replace('"e"', '"f"'),
  );
  cpSync(at('backup'), at('folder-in-place'), { recursive: true });
  rmSync(at('folder-in-place', 'ggen.db'));
  mkdirSync(at('folder-in-place', 'ggen.db'));
  writeFileSync(at('file'), '');
  symlinkSync('loop', at('loop'));
  execFileSync('sqlite3', [
    at('utf16.db'),
    "PRAGMA encoding='UTF-16le'; CREATE TABLE notes(x); DROP TABLE notes",
  ]);
  await sandbox.db('save-memory', 'ägent', 'validation', '{"text":"ünï"}', '--db', at('utf16.db'));
  await sandbox.db('backup', 'utf16', '--db', at('utf16.db'));
});

it.each([
  ['missing', /^error\[NOT_FOUND\]: There is no backup in missing/u],
  ['file', /^error\[NOT_FOUND\]: There is no backup in file/u],
  ['file/below', /^error\[IO_ERROR\]: Cannot read file\/below \(a part of the path is not a folder\)/u],
  ['loop', /^error\[IO_ERROR\]: Cannot read loop \(too many symbolic links/u],
  ['x'.repeat(300), /^error\[IO_ERROR\]: Cannot read x+ \(name too long\)/u],
  ['incomplete', /^error\[BACKUP_INVALID\]: .*audit_log\.json is missing/u],
  ['forged', /^error\[BACKUP_INVALID\]: .*receipts\.json was changed/u],
  ['folder-in-place', /^error\[BACKUP_INVALID\]: .*ggen\.db is not a regular file/u],
  ['utf16', /^error\[SCHEMA_MISMATCH\]: .*UTF-16le.*--from json/u],
])('leaves nothing of a restore from %s', async (backup, message) => {
  const before = listed();
  const { exitCode, stdout, stderr } = await sandbox.run([
    'db',
    'restore',
    backup,
    '--db',
    at('new', 'deep', 'x.db'),
  ]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(LEAKED);
  expect(listed()).toEqual(before);
});

it('with --dry-run checks the backup, and changes nothing', async () => {
  const missing = ['--db', at('dry', 'x.db')];
  const before = listed();
  const counted = { receipts: 1, memories: 1, audit_entries: 0, from: 'image', dry_run: true };
  expect(JSON.parse(await sandbox.db('restore', 'backup', '--dry-run', ...missing))).toMatchObject(counted);
  const forged = await sandbox.run(['db', 'restore', 'forged', '--dry-run', ...missing]);
  expect(forged).toMatchObject({ exitCode: 1, stdout: '' });
  expect(forged.stderr).toMatch(/^error\[BACKUP_INVALID\]/u);
  expect(listed()).toEqual(before);

  await sandbox.db('save-receipt', 'f', 'agent-2', 'validation', '{}', '--db', at('other.db'));
  const stored = readFileSync(at('other.db'));
  const full = ['--db', at('other.db'), '--dry-run'];
  const refused = await sandbox.run(['db', 'restore', 'backup', ...full]);
  expect(refused.stderr).toMatch(/^error\[ALREADY_EXISTS\]/u);
  expect(JSON.parse(await sandbox.db('restore', 'backup', '--force', ...full))).toMatchObject(counted);
  expect(readFileSync(at('other.db'))).toEqual(stored);
});

it('names the path that cannot hold a database or a backup', async () => {
  writeFileSync(at('left.db-journal'), 'of a database that was moved');
  symlinkSync(at('gone'), at('linked.db-journal'));
  const before = listed();
  for (const [words, message] of [
    [
      ['restore', 'backup', '--db', 'file/x.db'],
      /cannot open .*file\/x\.db \(a part of the path is not a folder\)/u,
    ],
    [['restore', 'backup', '--db', 'loop'], /cannot open .*loop \(too many symbolic links/u],
    [['restore', 'backup', '--db', '/proc/x.db'], /cannot open \/proc\/x\.db \(no such file or directory\)/u],
    [
      ['restore', 'backup', '--db', 'left.db'],
      /^error\[ALREADY_EXISTS\]: .*left\.db-journal already exists/u,
    ],
    [
      ['restore', 'backup', '--db', 'linked.db'],
      /^error\[ALREADY_EXISTS\]: .*linked\.db-journal already exists/u,
    ],
    [['backup', 'file/below'], /Cannot write file\/below \(a part of the path is not a folder\)/u],
    [['backup', '/proc/x'], /Cannot write \/proc\/x \(no such file or directory\)/u],
  ] as const) {
    const { exitCode, stderr } = await sandbox.run(['db', ...words]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(LEAKED);
  }
  expect(listed()).toEqual(before);
});

it('leaves an empty file as it is when it fails, and fills it otherwise', async () => {
  const target = at('empty.db');
  writeFileSync(target, '');
  expect((await sandbox.run(['db', 'restore', 'forged', '--db', target])).exitCode).toBe(1);
  expect(statSync(target).size).toBe(0);
  await sandbox.db('restore', 'backup', '--db', target);
  expect(await sandbox.db('get-memory', 'agent-1', '--db', target)).toBe('{"n":1}\n');
});

it('restores to a new file in a new folder, and a UTF-16 backup from its JSON files', async () => {
  const target = at('new', 'deep', 'x.db');
  const report = JSON.parse(await sandbox.db('restore', 'backup', '--db', target)) as object;
  expect(report).toMatchObject({ from: 'image', receipts: 1, memories: 1, audit_entries: 0 });
  expect(readdirSync(at('new', 'deep'))).toEqual(['x.db']);
  const { mode, nlink } = statSync(target);
  expect([mode & 0o777, nlink]).toEqual([0o600, 1]);
  expect(await sandbox.db('get-memory', 'agent-1', '--db', target)).toBe('{"n":1}\n');
  const eight = at('utf8.db');
  await sandbox.db('restore', 'utf16', '--from', 'json', '--db', eight);
  expect(await sandbox.db('get-memory', 'ägent', '--db', eight)).toBe('{"text":"ünï"}\n');
  expect(JSON.parse(await sandbox.db('verify', '--db', eight))).toMatchObject({ ok: true });
});

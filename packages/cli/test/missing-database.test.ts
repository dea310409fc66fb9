/** A mistyped path is not taken for an empty database: only commands that save create one. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (...names: string[]): string => join(sandbox.directory, ...names);
const typo = at('workspace', '.ggen', 'gen.db');

/** Commands that create a database: those that begin a workspace, save or import (also by an agent), and stats. */
const CREATING =
  /^(?:start|mcp|hooks .+|import .+|run-agent .+|db (?:init|stats|restore|import|save-.+|log-.+))$/u;

/** Arguments of the commands that need some here. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'verify-receipt': ['abcd'],
  'db get-receipt': ['abc'],
  'db get-memory': ['agent-1'],
  'db memory': ['history', 'agent-1'],
  'db sql': ['SELECT 1'],
  'db export': ['receipts', 'ndjson', '-'],
  'db export-audit-trail': ['json', '-'],
  'db backup': ['./backup'],
  'db cleanup': ['0'],
  'db reset': ['--force'],
  'db prove': ['entry', '1', '--checkpoint', 'checkpoint.txt'],
  'db export-otlp': ['--endpoint', 'http://127.0.0.1:9'],
  'sync init': ['hub.db'],
  'db delete': ['receipt', 'abc', '--reason', 'why'],
  'db redact': ['receipt', 'abc', '--reason', 'why'],
  'db hold': ['list'],
  'db retention': ['list'],
  'db attest': ['abc', '--key', at('new.key')],
  'db verify-attestation': [at('attestation.json'), '--key', at('ggen.key.pub')],
};

const refusing = COMMANDS.filter(({ database }) => database === 'existing').map(({ name }) => ({
  name,
  words: [...name.split(' '), ...(ARGUMENTS[name] ?? [])],
}));

beforeAll(async () => {
  await sandbox.run(['start']);
  const receiptId = await sandbox.db('save-receipt', 'e', 'a', 't', '{}');
  const attestation = await sandbox.db('attest', receiptId.trim(), '--key', at('ggen.key'));
  writeFileSync(at('attestation.json'), attestation);
  // Neither a database nor a pipe: nothing that a mistyped path could have meant.
  writeFileSync(at('workspace', '.ggen', 'gen.txt'), 'text');
  await sandbox.spawn('mkfifo', [at('workspace', '.ggen', 'gen.dbx')]);
});

it('is created only by commands that begin a workspace, save or import, and by stats', () => {
  const using = COMMANDS.filter(({ database }) => database !== 'unused');
  for (const { name, database } of using) {
    expect([name, database]).toEqual([name, CREATING.test(name) ? 'created' : 'existing']);
  }
  expect(refusing.length).toBeGreaterThan(5);
});

it.each(refusing)('$name refuses, names the nearest database and creates nothing', async ({ words }) => {
  const before = readdirSync(sandbox.directory, { recursive: true });
  const { exitCode, stdout, stderr } = await sandbox.run([...words, '--db', typo]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toBe(
    `error[NOT_FOUND]: There is no database ${typo}. The nearest one is ${sandbox.databasePath}. ` +
      'Give its path with --db, or create a new database with --create.\n',
  );
  expect(readdirSync(sandbox.directory, { recursive: true })).toEqual(before);
});

it('finds the nearest database in a mistyped folder, and at the usual place', async () => {
  mkdirSync(at('elsewhere'));
  for (const missing of [at('worksapce', '.gen', 'ggen.db'), at('elsewhere', 'x.db'), 'elsewhere/x.db']) {
    const { stderr } = await sandbox.run(['db', 'verify', '--db', missing]);
    expect(stderr).toContain(`The nearest one is ${sandbox.databasePath}. `);
  }
  const { stderr } = await sandbox.run(['db', 'stats', '--db', at('near', 'ggen.db')]);
  expect(stderr).toBe('');
  expect((await sandbox.run(['status', '--db', at('nera', 'ggen.db')])).stderr).toContain(
    at('near', 'ggen.db'),
  );
});

it('takes capitals for less of a difference than letters, in the names of databases and folders', async () => {
  const database = at('letters', 'agents.db');
  for (const path of [database, at('letters', 'AGENT.DB'), at('LETTER', 'agents.db')]) {
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(sandbox.databasePath, path);
  }
  for (const missing of [at('letters', 'AGENTS.DB'), at('LETTERS', 'agents.db')]) {
    const { stderr } = await sandbox.run(['db', 'verify', '--db', missing]);
    expect(stderr).toContain(`The nearest one is ${database}. `);
  }
});

it('refuses a database of another program and leaves it untouched, unless --create is given', async () => {
  const theirs = at('history.sqlite');
  await sandbox.spawn('sqlite3', [theirs, 'CREATE TABLE urls (id, url); INSERT INTO urls VALUES (1, 2)']);
  const before = readFileSync(theirs);
  for (const name of ['db query-receipts', 'db export-audit-trail', 'db backup']) {
    const words = [...name.split(' '), ...(ARGUMENTS[name] ?? []), '--db', theirs];
    const { exitCode, stdout, stderr } = await sandbox.run(words);
    expect({ name, exitCode, stdout }).toEqual({ name, exitCode: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error\[SCHEMA_MISMATCH\]: This is not a database of ggen-sim.*"urls".*--create/u,
    );
    expect(readFileSync(theirs).equals(before)).toBe(true);
  }
  expect((await sandbox.run(['db', 'query-memory', '--create', '--db', theirs])).stdout).toBe('[]\n');
  expect((await sandbox.spawn('sqlite3', [theirs, 'SELECT * FROM urls'])).stdout).toBe('1|2\n');
});

it('points to start where there is no database at all', async () => {
  const environment = { WORKSPACE_DIR: at('elsewhere') };
  const { exitCode, stderr } = await sandbox.run(['db', 'verify'], { environment });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("Create it with 'ggen-sim start', or with --create.");
});

it('creates it with --create, in any position', async () => {
  for (const [index, words] of [
    ['--create', 'db', 'verify'],
    ['db', '--create', 'verify'],
    ['db', 'verify', '--create'],
  ].entries()) {
    const path = at('created', `${index}.db`);
    expect((await sandbox.run([...words, '--db', path])).exitCode).toBe(0);
    expect(existsSync(path)).toBe(true);
  }
});

it('lets the saves and stats create it', async () => {
  const created: readonly (readonly string[])[] = [
    ['db', 'init'],
    ['db', 'stats'],
    ['db', 'save-receipt', 'e', 'a', 't', '{}'],
    ['db', 'save-memory', 'a', 't', '{}'],
    ['db', 'log-audit', 'a', 'o', 'completed'],
  ];
  for (const [index, words] of created.entries()) {
    const path = at('saved', `${index}.db`);
    expect(await sandbox.run([...words, '--db', path])).toMatchObject({ exitCode: 0 });
    expect(existsSync(path)).toBe(true);
  }
});

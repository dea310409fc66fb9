/** Hooks as an agent runs them: they never disturb it, and nothing is lost or stored twice, whoever is killed when. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const SILENT = { exitCode: 0, stdout: '', stderr: '' };
const LOST = {
  exitCode: 0,
  stdout: '',
  stderr: expect.stringMatching(/^ggen-sim: an event of a hook was not recorded: [^\n]+\n$/u) as string,
};
const path = (name: string): string => join(sandbox.directory, name);

const tool = (n: number | string): string =>
  JSON.stringify({
    session_id: 's',
    hook_event_name: 'PostToolUse',
    tool_name: 'Bash',
    tool_use_id: `t${n}`,
  });

/** Waits until no drainer runs. */
const drained = (database: string): Promise<unknown> =>
  vi.waitUntil(() => !fs.existsSync(path(`${database}-hooks.drainer`)), { timeout: 120_000 });

const record = (database: string, input: string | Uint8Array, ...options: readonly string[]) =>
  sandbox.runProcess(['hooks', 'record', '--db', database, ...options], { input });

/** Counts the tool calls that are stored, after every command has stored what waits. */
async function toolCalls(database: string): Promise<string[]> {
  await drained(database);
  const printed = await sandbox.db('query-audit-trail', '--limit', '10000', '--db', database);
  const rows = JSON.parse(printed) as { operation: string; details: string }[];
  return rows
    .filter(({ operation }) => operation === 'Bash')
    .map(({ details }) => (JSON.parse(details) as { tool_use_id: string }).tool_use_id)
    .toSorted();
}

it('records an event, and a process of its own stores it', async () => {
  expect(await record('own.db', tool(1))).toEqual(SILENT);
  await drained('own.db');
  expect(fs.existsSync(path('own.db-hooks'))).toBe(false);
  expect(await toolCalls('own.db')).toEqual(['t1']);
});

it('records without the database code', async () => {
  const { stderr } = await sandbox.runProcess(['hooks', 'record', '--db', 'trace.db'], {
    input: tool(1),
    environment: { NODE_DEBUG: 'esm,module' },
  });
  expect(stderr).toContain('record-hook');
  expect(stderr).not.toMatch(/command-line|open-in-process|sql-wasm|secretlint|jsonc/u);
});

it('stores with any command what a drainer that was killed had taken', async () => {
  await sandbox.db('init', '--db', 'taken.db');
  fs.writeFileSync(path('taken.db-hooks.drainer'), String(process.pid));
  await record('taken.db', tool(1));
  fs.renameSync(path('taken.db-hooks'), path('taken.db-hooks.000000000000001-killed.taken'));
  fs.rmSync(path('taken.db-hooks.drainer'));
  expect(await toolCalls('taken.db')).toEqual(['t1']);
  expect(fs.readdirSync(sandbox.directory).filter((name) => name.startsWith('taken.db-hooks'))).toEqual([]);
});

describe('exit code 0 and no output, whatever happens', () => {
  it.each([
    ['no input', '', []],
    ['input that is no JSON', '{', []],
    ['bytes that are not UTF-8', new Uint8Array([0xff, 0xfe, 0x00]), []],
    ['10 MB', `{"a":"${'x'.repeat(10_000_000)}"}`, []],
    ['unknown options', tool(1), ['--bogus', '--agent']],
  ])('%s', async (_, input, options) => {
    expect(await record('any.db', input, ...options)).toEqual(SILENT);
  });

  it('garbage or a folder in place of the database, no name', async () => {
    fs.writeFileSync(
      path('garbage.db'),
      'this is no database, but a text that is long enough to be read as one',
    );
    fs.mkdirSync(path('folder.db'));
    for (const database of ['garbage.db', 'folder.db', ''])
      expect(await record(database, tool(1))).toEqual(SILENT);
    // What could not be stored waits beside the database.
    for (const database of ['garbage.db', 'folder.db']) {
      const waiting = fs
        .readdirSync(sandbox.directory)
        .filter((name) => name.startsWith(`${database}-hooks`));
      expect(waiting.length).toBeGreaterThan(0);
    }
    expect(fs.readFileSync(path('garbage.db'), 'utf8')).toMatch(/^this is no database/u);
  });

  it('one line on stderr where the event cannot be written', async () => {
    fs.writeFileSync(path('file'), '');
    for (const database of ['/proc/none/a.db', 'file/a.db'])
      expect(await record(database, tool(1))).toEqual(LOST);
    // Also where nobody reads it.
    const closed = await sandbox.shell('ggen-sim hooks record --db /proc/none/a.db 2>&-', { input: tool(1) });
    expect(closed).toEqual(SILENT);
  });

  it('a link in place of the spool is not followed, and the spool is for its owner only', async () => {
    fs.writeFileSync(path('victim'), 'kept');
    fs.symlinkSync(path('victim'), path('link.db-hooks'));
    expect(await record('link.db', tool(1))).toEqual(LOST);
    expect(fs.readFileSync(path('victim'), 'utf8')).toBe('kept');
    fs.writeFileSync(path('mode.db-hooks.drainer'), String(process.pid));
    await record('mode.db', tool(1));
    expect(fs.statSync(path('mode.db-hooks')).mode & 0o777).toBe(0o600);
  });
});

it('keeps events while the database is locked, and stores them afterwards', async () => {
  await sandbox.db('init', '--db', 'locked.db');
  const holder = spawn('sqlite3', [path('locked.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write("BEGIN EXCLUSIVE; SELECT 'held';\n");
  await once(holder.stdout, 'data');
  expect(await record('locked.db', tool(1))).toEqual(SILENT);
  holder.stdin.end();
  await once(holder, 'close');
  expect(await toolCalls('locked.db')).toEqual(['t1']);
});

it('24 hooks at once beside drainers that are killed: nothing lost, nothing twice', async () => {
  const database = 'killed.db';
  await sandbox.db('init', '--db', database);
  const expected: string[] = [];
  for (let round = 0; round < 3; round++) {
    // Every second drainer is ours and is killed at another moment; the others are those of the hooks.
    const names = Array.from({ length: 8 }, (_, n) => `${round}-${n}`);
    expected.push(...names.map((name) => `t${name}`));
    const hooks = names.map((name) => record(database, tool(name)));
    const drainer = spawn(process.execPath, [programPath, 'hooks', 'drain', '--db', path(database)]);
    const closed = once(drainer, 'close');
    for (const [n, hook] of hooks.entries()) {
      expect(await hook).toEqual(SILENT);
      if (n === round + 2) drainer.kill('SIGKILL');
    }
    await closed;
  }
  expect(await toolCalls(database)).toEqual(expected.toSorted());
  expect(fs.readdirSync(sandbox.directory).filter((name) => name.startsWith(`${database}-hooks`))).toEqual(
    [],
  );
  expect(await sandbox.db('verify', '--db', database)).toContain('"ok": true');
});

it('sets a line apart that a full disk has cut, and stores the others', async () => {
  await sandbox.db('init', '--db', 'cut.db');
  fs.writeFileSync(path('cut.db-hooks'), '\n{"id":"x","at":"2026-', { mode: 0o600 });
  fs.writeFileSync(path('cut.db-hooks.drainer'), String(process.pid));
  await record('cut.db', tool(1));
  fs.rmSync(path('cut.db-hooks.drainer'));
  expect(await toolCalls('cut.db')).toEqual(['t1']);
  expect(fs.readFileSync(path('cut.db-hooks.refused'), 'utf8')).toBe('{"id":"x","at":"2026-\n');
});

it('installs, shows and removes hooks, and refuses a file that it cannot read', async () => {
  const settings = path('.claude/settings.json');
  fs.mkdirSync(path('.claude'));
  fs.writeFileSync(settings, '{ "model": "opus" }\n');
  const installed = await sandbox.run(['hooks', 'install']);
  expect(installed).toMatchObject({ exitCode: 0 });
  expect(installed.stdout).toContain(
    String.raw`ggen-sim hooks record --db \"$CLAUDE_PROJECT_DIR\"/workspace/.ggen/ggen.db`,
  );
  expect(await sandbox.run(['hooks', 'install'])).toMatchObject({ exitCode: 0, stdout: '' });
  const { stdout } = await sandbox.run(['hooks', 'status']);
  expect(JSON.parse(stdout)).toMatchObject({ installed: true, missing_events: [], events_wait: false });
  expect(await sandbox.run(['hooks', 'remove'])).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(fs.readFileSync(settings, 'utf8'))).toEqual({ model: 'opus' });

  fs.writeFileSync(settings, '{ "hooks": [] }');
  const refused = await sandbox.run(['hooks', 'install']);
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^error\[INVALID_JSON\].*"hooks" is not an object/u);
  expect(fs.readFileSync(settings, 'utf8')).toBe('{ "hooks": [] }');
});

it('the command that is installed works in a shell, as the agent runs it', async () => {
  const command = 'ggen-sim hooks record --db "$CLAUDE_PROJECT_DIR"/shell.db';
  const run = await sandbox.shell(command, {
    input: tool(1),
    environment: { CLAUDE_PROJECT_DIR: sandbox.directory },
  });
  expect(run).toEqual(SILENT);
  expect(await toolCalls('shell.db')).toEqual(['t1']);
});

it('imports a transcript, also a second time', async () => {
  const transcript = join(import.meta.dirname, '../../hooks/test/fixtures/transcript.jsonl');
  const words = ['import', 'claude-transcript', transcript, '--db', 'transcript.db'];
  expect(JSON.parse((await sandbox.run(words)).stdout)).toMatchObject({ lines: 8, stored: 8 });
  expect(JSON.parse((await sandbox.run(words)).stdout)).toMatchObject({ stored: 0 });
  expect(await sandbox.run(['import', 'claude-transcript', 'missing.jsonl'])).toMatchObject({ exitCode: 1 });
});

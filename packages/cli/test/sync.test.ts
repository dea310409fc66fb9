/** `sync` over a hub file, a served hub and a PostgreSQL server of its own: what two databases end with, and what stops it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type PostgresCluster } from '../../sync/test/postgres-cluster.ts';
import { programPath } from './built-program.ts';
import { HUB_TOKEN, useHubToken } from './hub-token.ts';
import { hasFileOpen, Sandbox, type Finished } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
const run = (database: string, ...words: string[]): Promise<Finished> =>
  sandbox.run([...words, '--db', at(database)]);

/** Runs a command that succeeds, and returns what it prints. */
async function printed(database: string, ...words: string[]): Promise<string> {
  const finished = await run(database, ...words);
  expect(finished).toMatchObject({ exitCode: 0 });
  return finished.stdout;
}
const reported = async (database: string, ...words: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await printed(database, ...words)) as Record<string, unknown>;

const TABLES = ['receipts', 'memory', 'audit'] as const;
async function rowsIn(database: string): Promise<string[]> {
  const exported = [];
  for (const table of TABLES) exported.push(await printed(database, 'db', 'export', table, 'ndjson', '-'));
  return exported.join('').split('\n').toSorted();
}
const saveReceipt = (database: string, executionId: string): Promise<string> =>
  printed(database, 'db', 'save-receipt', executionId, 'agent', 'test', '{}');
const saveMemory = (database: string, memory: string): Promise<string> =>
  printed(database, 'db', 'save-memory', 'agent', 'test', memory);

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const hubToken = useHubToken(sandbox);
const servers: ChildProcess[] = [];
afterAll(() => {
  for (const server of servers) server.kill('SIGKILL');
});

/** A hub as a process. */
interface ServedHub {
  readonly server: ChildProcess;
  readonly url: string;
  readonly reported: Readonly<Record<string, unknown>>;
  readonly stderr: () => string;
}

/** Serves a hub beside a database of its own, and returns when it has printed its address. */
async function serveHub(database: string, ...words: readonly string[]): Promise<ServedHub> {
  const given = ['serve', at(database), '--create', ...hubToken, ...words];
  const server = spawn(process.execPath, [programPath, ...given], { cwd: sandbox.directory });
  servers.push(server);
  let [stdout, stderr] = ['', ''];
  server.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  server.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  let hasEnded = false;
  server.once('close', () => (hasEnded = true));
  await expect.poll(() => (hasEnded ? `}\n ended: ${stderr}` : stdout)).toMatch(/^\}/mu);
  const report = JSON.parse(stdout) as { readonly url: string };
  return { server, url: report.url, reported: { ...report }, stderr: () => stderr };
}

/** Locations of the targets, by what they are called. */
async function newTarget(kind: string): Promise<string> {
  if (kind === 'PostgreSQL') return cluster.newSchema();
  if (kind === 'a hub file') return at('hub.db');
  const { url, reported: report } = await serveHub('served.db', '--hub');
  expect(report).toMatchObject({ hub: at('served.db-hub.db') });
  return url;
}

describe.each(['a hub file', 'PostgreSQL', 'a served hub'])('over %s', (kind) => {
  const [left, right] = [`${kind}/left.db`, `${kind}/right.db`] as const;

  it('two databases come to equal rows, and a conflict of memory is merged for both', async () => {
    const target = await newTarget(kind);
    for (const database of [left, right]) {
      await saveReceipt(database, `first of ${database}`);
      await saveMemory(database, JSON.stringify({ in: database }));
      expect(await reported(database, 'sync', 'init', target)).toMatchObject({ target, last_success: null });
    }
    expect(await reported(left, 'sync', 'push')).toMatchObject({ entries: 2, changes: 2 });
    const { stderr, stdout } = await run(right, 'sync', 'run');
    expect(JSON.parse(stdout)).toMatchObject({ pulled: { changes: 2, stored: 2, conflicts: 1 } });
    expect(stderr).toContain("'ggen-sim db memory conflicts'");
    expect(await reported(left, 'sync', 'pull')).toMatchObject({ refused_count: 0 });
    const rows = await rowsIn(left);
    expect(rows).toHaveLength(1 + 2 + 1 + 1);
    expect(await rowsIn(right)).toEqual(rows);

    const conflicts = await printed(left, 'db', 'memory', 'conflicts', 'agent', '--content');
    const [conflict] = JSON.parse(conflicts) as [{ loser: { hash: string; memory_json: string } }];
    expect(conflict).toMatchObject({ agent_id: 'agent', merged: false });
    const merge = ['db', 'memory', 'merge', 'agent', '--take', conflict.loser.hash];
    const stale = await run(left, ...merge, '--if-version', '2');
    expect(stale).toMatchObject({ exitCode: 1, stdout: '' });
    expect(stale.stderr).toMatch(/^error\[VERSION_CONFLICT\].*is version 1, not 2/u);
    await printed(left, ...merge, '--if-version', '1');
    for (const database of [left, right]) await printed(database, 'sync', 'run');
    expect(await printed(right, 'db', 'get-memory', 'agent')).toBe(`${conflict.loser.memory_json}\n`);
    expect(await rowsIn(right)).toEqual(await rowsIn(left));

    await printed(left, 'sync', 'run');
    expect(await reported(left, 'sync', 'run')).toMatchObject({
      pushed: { entries: 0 },
      pulled: { changes: 0 },
    });
    expect(await reported(left, 'sync', 'status')).toMatchObject({
      lag_entries: 0,
      last_success: expect.any(String),
      last_error: null,
      advice: null,
    });
  });

  it('a copied file is reported as FORKED, and goes on with an id of its own', async () => {
    const copy = `${kind}/copy.db`;
    copyFileSync(at(left), at(copy));
    for (const database of [left, copy]) await saveReceipt(database, `later in ${database}`);
    await printed(left, 'sync', 'run');
    const before = await rowsIn(copy);
    const refused = await run(copy, 'sync', 'run');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^error\[FORKED\].*'ggen-sim sync renew-origin'/u);
    expect(await rowsIn(copy)).toEqual(before);
    expect(await reported(copy, 'sync', 'status')).toMatchObject({
      lag_entries: 1,
      last_error: { code: 'FORKED' },
      advice: expect.stringContaining("'ggen-sim sync renew-origin'"),
    });
    await printed(copy, 'sync', 'renew-origin');
    for (const database of [copy, left]) await printed(database, 'sync', 'run');
    const rows = await rowsIn(copy);
    expect(rows.join('\n')).toContain(`later in ${left}`);
    expect(await rowsIn(left)).toEqual(rows);
  });
});

describe('a target', () => {
  it('that is none, or does not answer, is refused, and nothing is changed', async () => {
    await saveReceipt('wrong.db', 'kept');
    const nowhere = 'postgres://postgres@localhost/postgres?host=/nonexistent';
    const noDatabase = (await cluster.newSchema()).replace('/postgres?', '/none?');
    const before = readFileSync(at('wrong.db'));
    for (const [location, exitCode, message] of [
      ['ftp://host/db', 64, 'error[SYNC_TARGET_INVALID]: "ftp://host/db" names no target'],
      ['http://me:secret@host', 64, 'error[SYNC_TARGET_INVALID]: The address of a hub'],
      ['http://127.0.0.1:9', 1, 'error[SYNC_UNREACHABLE]: The hub at http://127.0.0.1:9 cannot be reached'],
      ['postgres://[', 64, 'error[SYNC_TARGET_INVALID]: '],
      [
        'postgres://me:secret@host/db',
        64,
        'error[SYNC_TARGET_INVALID]: The URL of the target holds a password',
      ],
      [at('wrong.db'), 64, 'error[SYNC_TARGET_INVALID]: '],
      [sandbox.directory, 64, 'error[SYNC_TARGET_INVALID]: '],
      [nowhere, 1, 'error[SYNC_UNREACHABLE]: PostgreSQL cannot be reached: '],
      [nowhere, 1, '. The target is not set; --offline sets it without asking it.'],
      [
        noDatabase,
        1,
        'error[SYNC_UNREACHABLE]: PostgreSQL cannot be reached: database "none" does not exist',
      ],
    ] as const) {
      const finished = await run('wrong.db', 'sync', 'init', location);
      expect([location, finished.exitCode, finished.stdout]).toEqual([location, exitCode, '']);
      expect(finished.stderr).toContain(message);
      expect(finished.stderr).not.toContain('secret');
      expect(readFileSync(at('wrong.db')).equals(before)).toBe(true);
    }
    for (const command of ['push', 'pull', 'run', 'renew-origin']) {
      const finished = await run('wrong.db', 'sync', command);
      expect(finished).toMatchObject({ exitCode: 1, stdout: '' });
      expect(finished.stderr).toMatch(/^error\[SYNC_NOT_SET_UP\].*'ggen-sim sync init'/u);
    }
    expect((await run('wrong.db', 'sync', 'run', '--interval', '5')).exitCode).toBe(64);
    await printed('wrong.db', 'sync', 'init', nowhere, '--offline');
    const finished = await run('wrong.db', 'sync', 'run');
    expect(finished).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await reported('wrong.db', 'sync', 'status')).toMatchObject({
      lag_entries: 1,
      last_error: { code: 'SYNC_UNREACHABLE' },
      advice: expect.stringContaining("'ggen-sim sync run'"),
    });
  });

  it('whose file is missing is not created by a synchronisation', async () => {
    await saveReceipt('away.db', 'kept');
    await printed('away.db', 'sync', 'init', at('away-hub.db'));
    renameSync(at('away-hub.db'), at('unmounted.db'));
    const finished = await run('away.db', 'sync', 'push');
    expect(finished).toMatchObject({ exitCode: 1, stdout: '' });
    expect(finished.stderr).toContain('error[SYNC_UNREACHABLE]');
    expect(existsSync(at('away-hub.db'))).toBe(false);
    renameSync(at('unmounted.db'), at('away-hub.db'));
    expect(await reported('away.db', 'sync', 'push')).toMatchObject({ entries: 1 });
  });

  it('of an encrypted database is set only with --plain', async () => {
    const environment = { GGEN_SIM_KEY: 'ab'.repeat(32) };
    const words = ['sync', 'init', at('plain-hub.db'), '--db', at('encrypted.db')];
    await sandbox.run(['start', '--db', at('encrypted.db')], { environment });
    expect((await sandbox.run(words, { environment })).exitCode).toBe(64);
    expect(existsSync(at('plain-hub.db'))).toBe(false);
    expect((await sandbox.run([...words, '--plain'], { environment })).exitCode).toBe(0);
  });
});

describe('a hub that is served', () => {
  it('refuses a wrong token and wrong options, and keeps its passwords to itself', async () => {
    const { url } = await serveHub('guarded.db', '--hub', at('guarded-hub.db'));
    await saveReceipt('outside.db', 'kept');
    for (const environment of [{ GGEN_SIM_SYNC_TOKEN: '' }, { GGEN_SIM_SYNC_TOKEN: 'x'.repeat(40) }]) {
      const words = ['sync', 'init', url, '--db', at('outside.db')];
      const finished = await sandbox.run(words, { environment });
      expect(finished).toMatchObject({ exitCode: 1, stdout: '' });
      expect(finished.stderr).toMatch(/^error\[SYNC_UNAUTHORIZED\].*GGEN_SIM_SYNC_TOKEN/u);
    }
    writeFileSync(at('hub-tokens'), `push,pull ${HUB_TOKEN}\npush short\n`, { mode: 0o600 });
    writeFileSync(at('tenants'), `push@acme ${HUB_TOKEN}\n`, { mode: 0o600 });
    for (const [words, exitCode, message] of [
      [['--hub-tokens', at('hub-tokens')], 64, '--hub-tokens needs --hub'],
      [['--allow-origin', 'http://localhost'], 64, '--allow-origin needs --hub'],
      [['--hub', '--allow-origin', 'http://localhost/'], 64, 'An allowed origin'],
      [['--hub', '--hub-tokens', at('hub-tokens')], 1, 'line 2: a token is 32'],
      [['--hub', '--hub-tokens', at('tenants')], 64, 'A hub in a file has no tenants'],
      [['--hub', 'postgres://me:secret@localhost/fleet'], 64, 'holds a password'],
      [['--hub', url], 64, 'not another hub'],
      [['--hub', at('outside.db')], 64, 'error[SYNC_TARGET_INVALID]'],
      [['--hub', 'postgres://me@localhost/none?host=/nonexistent'], 1, 'error[SYNC_UNREACHABLE]'],
    ] as const) {
      const finished = await run('outside.db', 'serve', ...words);
      expect([words, finished.exitCode, finished.stdout]).toEqual([words, exitCode, '']);
      expect(finished.stderr).toContain(message);
      expect(finished.stderr).not.toContain('secret');
    }
  });

  it('takes the tokens that its file has now', async () => {
    const tokens = at('changing-tokens');
    const [first, second] = ['1'.repeat(40), '2'.repeat(40)];
    writeFileSync(tokens, `push ${first}\n`, { mode: 0o600 });
    const { url, stderr } = await serveHub('changing.db', '--hub', '--hub-tokens', tokens);
    const statusWith = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (await fetch(`${url}/sync/v1/id`, { method: 'POST', headers, body: '{}' })).status;
    };
    expect([await statusWith(first), await statusWith(second)]).toEqual([200, 401]);
    writeFileSync(tokens, `pull ${second}\n`);
    await expect.poll(stderr).toContain('The tokens are those that');
    expect([await statusWith(first), await statusWith(second)]).toEqual([401, 200]);
    writeFileSync(tokens, 'all of them\n');
    await expect.poll(stderr).toContain('line 1');
    expect(await statusWith(second)).toBe(200);
  });

  it('and killed in the middle of a push loses nothing, and nothing is there twice', async () => {
    const target = await cluster.newSchema();
    const schema = /case_\d+/u.exec(target)?.[0] ?? '';
    const lines = Array.from({ length: 1100 }, (_, index) =>
      JSON.stringify({ execution_id: `e${index}`, agent_id: 'a', agent_type: 't', receipt_json: '{}' }),
    );
    const words = ['db', 'import', 'receipts', '-', '--db', at('sending.db')];
    expect((await sandbox.run(words, { input: lines.join('\n') })).exitCode).toBe(0);
    await printed('distant.db', 'start');
    const { server, url } = await serveHub('first.db', '--hub', target);
    for (const database of ['sending.db', 'distant.db']) await printed(database, 'sync', 'init', url);
    const finished = await inSecondBatch(
      schema,
      ['sync', 'push', '--db', at('sending.db')],
      () => void server.kill('SIGKILL'),
    );
    expect(finished).toMatchObject({ exitCode: 1, stdout: '' });
    expect(finished.stderr).toContain('error[SYNC_UNREACHABLE]');
    expect(await reported('sending.db', 'sync', 'status')).toMatchObject({ lag_entries: 600 });
    // Another hub over the same database, at the same address, as after a restart.
    const { stderr } = await serveHub('second.db', '--hub', target, '--port', new URL(url).port);
    for (const database of ['sending.db', 'distant.db']) await printed(database, 'sync', 'run');
    const rows = await rowsIn('distant.db');
    expect(rows).toHaveLength(1 + lines.length);
    expect(rows).toEqual(await rowsIn('sending.db'));
    expect(await cluster.query(`SELECT count(*)::int AS count FROM ${schema}.ggen_entries`)).toEqual([
      { count: lines.length * 2 },
    ]);
    expect(stderr()).toBe('');
    expect(readFileSync(at('sending.db')).includes(HUB_TOKEN)).toBe(false);
  });
});

describe('a synchronisation that is ended in the middle', () => {
  it('by Ctrl-C or SIGKILL goes on where it was, and nothing is there twice', async () => {
    const target = await cluster.newSchema();
    const schema = /case_\d+/u.exec(target)?.[0] ?? '';
    const lines = Array.from({ length: 1100 }, (_, index) =>
      JSON.stringify({ execution_id: `e${index}`, agent_id: 'a', agent_type: 't', receipt_json: '{}' }),
    );
    const words = ['db', 'import', 'receipts', '-', '--db', at('from.db')];
    expect((await sandbox.run(words, { input: lines.join('\n') })).exitCode).toBe(0);
    await printed('to.db', 'start');
    for (const database of ['from.db', 'to.db']) await printed(database, 'sync', 'init', target);
    const entries = async (): Promise<unknown> =>
      (await cluster.query(`SELECT count(*)::int AS count FROM ${schema}.ggen_entries`))[0];

    const interrupted = await endedInSecondBatch(schema, 'SIGINT', 'sync', 'push', '--db', at('from.db'));
    expect(interrupted).toMatchObject({ exitCode: 130, stdout: '' });
    expect(await entries()).toEqual({ count: 500 });
    const killed = await endedInSecondBatch(schema, 'SIGKILL', 'sync', 'run', '--db', at('from.db'));
    expect(killed).toMatchObject({ exitCode: null, stdout: '' });
    expect(await entries()).toEqual({ count: 1000 });
    expect(await reported('from.db', 'sync', 'push')).toMatchObject({ entries: 100, changes: 100 });

    await endedInSecondBatch(schema, 'SIGKILL', 'sync', 'pull', '--db', at('to.db'));
    expect(await reported('to.db', 'db', 'stats')).toMatchObject({ receipts_total: 500 });
    expect(await reported('to.db', 'sync', 'run')).toMatchObject({ pulled: { changes: 600, stored: 600 } });
    const rows = await rowsIn('to.db');
    expect(rows).toHaveLength(1 + lines.length);
    expect(rows).toEqual(await rowsIn('from.db'));
    for (const database of ['from.db', 'to.db']) await printed(database, 'db', 'verify');
  });

  it('by Ctrl-C before a hub file has the commit goes on, and the file is whole', async () => {
    for (const name of ['one.db', 'two.db']) {
      await saveReceipt(name, `in ${name}`);
      await printed(name, 'sync', 'init', at('held-hub.db'));
    }
    // A reader keeps the commit waiting.
    const reader = await openDatabase(fileStorage(at('held-hub.db')));
    reader.database.run('BEGIN');
    reader.database.exec('SELECT * FROM ggen_hub');
    const finished = await runUntil(['sync', 'push', '--db', at('one.db')], async (child) => {
      await expect.poll(() => hasFileOpen(child, at('held-hub.db'))).toBe(true);
      child.kill('SIGINT');
    });
    expect(finished).toMatchObject({ exitCode: 130, stdout: '' });
    reader.database.run('ROLLBACK');
    reader.close();
    for (const name of ['one.db', 'two.db', 'one.db']) await printed(name, 'sync', 'run');
    const rows = await rowsIn('one.db');
    expect(rows).toHaveLength(1 + 2);
    expect(await rowsIn('two.db')).toEqual(rows);
  });
});

it('--follow sends what another process saves, prints a line each time, and ends with 0 by SIGTERM', async () => {
  for (const name of ['near.db', 'far.db']) {
    await saveReceipt(name, `in ${name}`);
    await printed(name, 'sync', 'init', at('followed-hub.db'));
  }
  const words = ['sync', 'run', '--follow', '--interval', '3600', '--db', at('near.db')];
  const finished = await runUntil(words, async (child) => {
    let seen = '';
    child.stdout?.on('data', (chunk: Buffer) => (seen += String(chunk)));
    await expect.poll(() => seen).toMatch(/\n$/u);
    await saveReceipt('near.db', 'while it runs');
    await expect.poll(() => seen).toMatch(/\n.*\n$/u);
    child.kill('SIGTERM');
  });
  expect(finished).toMatchObject({ exitCode: 0, stderr: '' });
  const pushed = finished.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(pushed).toMatchObject([{ pushed: { entries: 1 } }, { pushed: { entries: 1 } }]);
  expect(await reported('far.db', 'sync', 'pull')).toMatchObject({ stored: 2 });
});

it('--follow tries a target again that is away, and says so', async () => {
  await saveReceipt('patient.db', 'kept');
  await printed('patient.db', 'sync', 'init', at('back-hub.db'));
  renameSync(at('back-hub.db'), at('unmounted-hub.db'));
  const words = ['sync', 'run', '--follow', '--interval', '1', '--db', at('patient.db')];
  const finished = await runUntil(words, async (child) => {
    const seen = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => (seen.stdout += String(chunk)));
    child.stderr?.on('data', (chunk: Buffer) => (seen.stderr += String(chunk)));
    await expect.poll(() => seen.stderr).toContain('Trying again in ');
    expect(existsSync(at('back-hub.db'))).toBe(false);
    renameSync(at('unmounted-hub.db'), at('back-hub.db'));
    await expect.poll(() => seen.stdout).toContain('"entries":1');
    child.kill('SIGINT');
  });
  expect(finished).toMatchObject({
    exitCode: 130,
    stderr: expect.stringMatching(/^error\[SYNC_UNREACHABLE\]/u),
  });
});

/** Runs a command as a process, and ends with it; what goes wrong meanwhile ends it too. */
async function runUntil(
  words: readonly string[],
  work: (child: ChildProcess) => Promise<void>,
): Promise<Finished> {
  let working: Promise<void> | undefined;
  const finished = sandbox.runProcess(words, {
    whileRunning: (child) => {
      working = work(child).catch((error: unknown) => {
        child.kill('SIGKILL');
        throw error;
      });
    },
  });
  await working;
  return finished;
}

/** Runs a command, and sends it a signal while its second batch waits in a transaction. */
function endedInSecondBatch(schema: string, signal: NodeJS.Signals, ...words: string[]): Promise<Finished> {
  return inSecondBatch(schema, words, (child) => void child.kill(signal));
}

/**
 * Runs a command, and does something while its second batch waits in a transaction. Locks are given in the order in which they
 * were asked for: the second lock is granted between the two batches.
 */
async function inSecondBatch(
  schema: string,
  words: readonly string[],
  then: (child: ChildProcess) => void,
): Promise<Finished> {
  // Each is read once for each batch, and not before the first one.
  const table = words.includes('pull') ? 'ggen_pushes' : 'ggen_entries';
  const lock = `BEGIN; LOCK TABLE ${schema}.${table} IN ACCESS EXCLUSIVE MODE`;
  const waiting = async (): Promise<string> => {
    const rows = await cluster.query(
      `SELECT application_name AS name FROM pg_stat_activity WHERE wait_event_type = 'Lock' ORDER BY 1`,
    );
    return (rows as { readonly name: string }[]).map(({ name }) => name).join();
  };
  const [first, second] = [await cluster.connection(), await cluster.connection()];
  try {
    await first.query(lock);
    return await runUntil(words, async (child) => {
      await expect.poll(waiting).toBe('ggen-sim sync');
      const locked = second.query(lock);
      await expect.poll(waiting).toBe(',ggen-sim sync');
      await first.query('ROLLBACK');
      await locked;
      await expect.poll(waiting).toBe('ggen-sim sync');
      then(child);
    });
  } finally {
    await Promise.all([first.end(), second.end()]);
  }
}

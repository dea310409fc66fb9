/** `ggen-sim mcp` as agents start it: the official client, several servers on one file, and kills. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, it, onTestFinished } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

/** A client and the server that it has started. */
interface Served {
  readonly client: Client;
  /** Process id of the server. */
  readonly pid: number;
  readonly call: (name: string, input?: Record<string, unknown>) => Promise<Record<string, unknown>>;
}

async function serve(database: string, ...options: readonly string[]): Promise<Served> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [programPath, 'mcp', '--db', database, ...options],
    cwd: sandbox.directory,
    stderr: 'inherit',
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    client,
    pid: transport.pid ?? 0,
    async call(name, input) {
      const { isError, structuredContent } = await client.callTool({ name, arguments: input });
      const { result, error } = structuredContent as Record<'result' | 'error', Record<string, unknown>>;
      if (isError === true) throw Object.assign(new Error(`${name} failed`), error);
      return result;
    },
  };
}

it('serves a database that it creates, under the name of one agent, and ends with its client', async () => {
  const { client, call } = await serve('first.db', '--agent', 'coder');
  await call('memory_save', { memory: { step: 1 }, ifVersion: 0 });
  await expect(call('memory_save', { agentId: 'other', memory: {}, ifVersion: 0 })).rejects.toMatchObject({
    code: 'FORBIDDEN_AGENT',
  });
  await client.close();
  expect(await sandbox.db('get-memory', 'coder', '--db', 'first.db')).toBe('{"step":1}\n');
});

it('only reads with --read-only, and creates no database', async () => {
  const missing = await sandbox.run(['mcp', '--read-only', '--db', 'missing.db']);
  expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^error\[NOT_FOUND\]/u);
  await sandbox.db('save-memory', 'coder', 'agent', '{}', '--db', 'read.db');
  const { client, call } = await serve('read.db', '--read-only');
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain('memory_save');
  expect(await call('stats')).toMatchObject({ agentsTracked: 1 });
});

it('ends when its input ends before a word was said', async () => {
  expect(await sandbox.run(['mcp', '--db', 'silent.db'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

/** Adds one to the counter of the memory that all share, as an agent does: read, change, save with the version read. */
async function increment({ call }: Served, agentId: string): Promise<void> {
  for (;;) {
    const { version, memoryJson } = await call('memory_get', { agentId });
    const { counter } = JSON.parse(String(memoryJson)) as { counter: number };
    try {
      await call('memory_save', { agentId, memory: { counter: counter + 1 }, ifVersion: version });
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'VERSION_CONFLICT') throw error;
    }
  }
}

it('two servers and the command line on one file, 20 × 20 calls, one server killed: nothing lost, no stale save', async () => {
  const database = 'shared.db';
  await sandbox.db('save-memory', 'shared', 'agent', '{"counter":0}', '--db', database);
  let servers = [await serve(database), await serve(database)];
  const acknowledged = new Set<string>();
  let increments = 0;
  const work = async (server: Served, round: number, who: number): Promise<void> => {
    for (let n = 0; n < 10; n++) {
      const executionId = `${who}-${round}-${n}`;
      await server.call('receipt_save', { executionId, agentId: `agent-${who}`, receipt: { n } });
      acknowledged.add(executionId);
      if (n % 5 > 0) continue;
      await increment(server, 'shared');
      increments++;
    }
  };
  let versionBeforeKill = 0;
  for (let round = 0; round < 20; round++) {
    const doomed = round % 7 === 3 ? servers[0] : undefined;
    const rounds = servers.map((server, who) => work(server, round, who));
    rounds.push(
      sandbox.db('log-audit', 'cli', `round-${round}`, 'completed', '--db', database).then(() => undefined),
    );
    if (doomed !== undefined) {
      // In the middle of its calls: what was answered has to be there, what was not may be.
      await doomed.call('stats');
      process.kill(doomed.pid, 'SIGKILL');
      versionBeforeKill++;
    }
    const ends = await Promise.allSettled(rounds);
    const failures = ends.filter(({ status }) => status === 'rejected');
    expect(failures.length).toBeLessThanOrEqual(doomed === undefined ? 0 : 1);
    if (doomed !== undefined) servers = [await serve(database), ...servers.slice(1)];
  }
  expect(versionBeforeKill).toBe(3);

  const rows = JSON.parse(await sandbox.db('query-receipts', '%', 'json', '1000', '--db', database)) as {
    execution_id: string;
  }[];
  const stored = new Set(rows.map(({ execution_id }) => execution_id));
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(300);
  const { counter } = JSON.parse(await sandbox.db('get-memory', 'shared', '--db', database)) as {
    counter: number;
  };
  // A killed server may have saved once without an answer.
  expect(counter).toBeGreaterThanOrEqual(increments);
  expect(counter).toBeLessThanOrEqual(increments + versionBeforeKill);
  const [server] = servers;
  expect(await server?.call('memory_get', { agentId: 'shared' })).toMatchObject({ version: counter + 1 });
  expect(await server?.call('verify')).toMatchObject({ ok: true });
  expect(await sandbox.db('query-audit-trail', 'cli', '7', 'json', '--db', database)).toContain('round-19');
});

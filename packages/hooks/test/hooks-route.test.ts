/** Hooks that post: what is stored, in whose name, what is refused, and what a locked database changes (nothing). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { serveDatabase, type ServeOptions } from '@ggen-sim/serve';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';
import { hooksRoute, type HooksRouteOptions } from '../src/index.ts';
import { hasSpooledEvents } from '../src/spool.ts';

interface Served {
  readonly file: string;
  /** A connection of its own to the same file. */
  readonly database: Persistence;
  readonly stop: () => Promise<void>;
  readonly post: (body: string, query?: string) => Promise<Response>;
}

async function serve(
  options: ServeOptions = {},
  { key, ...route }: Partial<HooksRouteOptions> & { readonly key?: string } = {},
): Promise<Served> {
  const file = path.join(temporaryFolder(), 'ggen.db');
  const open = () => openPersistence({ storage: 'file', path: file, ...(key !== undefined && { key }) });
  const database = await open();
  const server = await serveDatabase(await open(), {
    isWritable: true,
    ...options,
    routes: [hooksRoute({ databasePath: file, ...route })],
  });
  onTestFinished(async () => {
    await server.stop();
    await database.close();
  });
  const authorization = `Bearer ${server.token}`;
  return {
    file,
    database,
    stop: () => server.stop(),
    post: (body, query = '') =>
      fetch(`${server.url}/hooks${query}`, { method: 'POST', headers: { authorization }, body }),
  };
}

const fixture = (name: string): string =>
  fs.readFileSync(path.join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8');

it('answers with nothing, and stores what hooks record would store', async () => {
  const { database, post } = await serve();
  for (const name of ['SessionStart', 'PreToolUse', 'PostToolUse', 'Stop', 'SessionEnd']) {
    const answer = await post(fixture(name));
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  }
  await expect.poll(() => database.countAuditTrail(), { timeout: 20_000 }).toBe(5);
  await expect.poll(() => database.countReceipts(), { timeout: 20_000 }).toBe(2);
  const statuses = await database.queryAuditTrail({ operation: 'Bash', order: 'oldest-first' });
  expect(statuses.map(({ status, agentId }) => [status, agentId])).toEqual([
    ['started', 'claude-code'],
    ['completed', 'claude-code'],
  ]);
  // The same event again, as an agent that got no answer sends it, is another delivery of the same call.
  await post(fixture('PostToolUse'));
  await post('nonsense', '?agent=other');
  await expect.poll(() => database.countAuditTrail({ agent: 'other' }), { timeout: 20_000 }).toBe(1);
  expect(await database.countAuditTrail()).toBe(6);
});

it('keeps no prompt unless asked', async () => {
  for (const keepPrompts of [false, true]) {
    const { database, post, stop, file } = await serve({}, { keepPrompts });
    await post('{"hook_event_name":"UserPromptSubmit","session_id":"s","prompt":"my plan"}');
    await stop();
    expect(hasSpooledEvents(file)).toBe(false);
    const [row] = await database.queryAuditTrail();
    expect(JSON.stringify(row).includes('my plan')).toBe(keepPrompts);
  }
});

it('refuses events where it only reads, of another agent, and giant ones', async () => {
  const reading = await serve({ isWritable: false });
  expect((await reading.post('{}')).status).toBe(403);
  const bound = await serve({ agent: 'coder' });
  expect((await bound.post('{}', '?agent=admin')).status).toBe(403);
  expect((await bound.post('x'.repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
  expect([reading.file, bound.file].map((file) => hasSpooledEvents(file))).toEqual([false, false]);
  expect((await bound.post('{}')).status).toBe(204);
  await expect.poll(() => bound.database.countAuditTrail({ agent: 'coder' }), { timeout: 20_000 }).toBe(1);
});

it('answers while the database is locked, and stores the event afterwards', async () => {
  const { database, post, file } = await serve();
  const holder = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill());
  holder.stdin.write('BEGIN EXCLUSIVE; SELECT 1;\n');
  await once(holder.stdout, 'data');
  const secret = {
    session_id: 's',
    hook_event_name: 'Notification',
    api_key: 'do-not-keep',
    tool_name: 'Bash',
  };
  expect((await post(JSON.stringify(secret))).status).toBe(204);
  // What waits for a database may wait for long.
  const spooled = fs.readFileSync(`${file}-hooks`, 'utf8');
  expect([spooled.includes('"tool_name":"Bash"'), spooled.includes('do-not-keep')]).toEqual([true, false]);
  holder.stdin.end('ROLLBACK;\n');
  await once(holder, 'close');
  await expect.poll(() => database.countAuditTrail(), { timeout: 30_000 }).toBe(1);
});

it('takes no events for an encrypted database, whose spool would be plain, unless that is wanted', async () => {
  const key = `x'${'5a'.repeat(32)}'`;
  const refusing = await serve({}, { key });
  const refused = await refusing.post(fixture('PreToolUse'));
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    error: { code: 'ENCRYPTED_DATABASE', hint: expect.stringContaining('--plain') as string },
  });
  expect(hasSpooledEvents(refusing.file)).toBe(false);
  const taking = await serve({}, { key, plain: true });
  expect((await taking.post(fixture('PreToolUse'))).status).toBe(204);
  await taking.stop();
  expect(await taking.database.countAuditTrail()).toBe(1);
});

it('has no files read that an event names', async () => {
  const { database, post, stop, file } = await serve();
  const event = { session_id: 's', prompt_id: 'p', cwd: '/' };
  const write = { tool_name: 'Write', tool_use_id: 'w', tool_input: { file_path: file } };
  await post(JSON.stringify({ ...event, ...write, hook_event_name: 'PostToolUse' }));
  await post(JSON.stringify({ ...event, hook_event_name: 'Stop' }));
  await stop();
  const receipt = JSON.parse(await database.getReceipt({ executionId: 's:p' })) as { files: unknown };
  expect(receipt.files).toEqual([{ path: file }]);
});

it('stops only when the events that are being stored are in the database, and those after them', async () => {
  const { database, post, stop, file } = await serve();
  const holder = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill());
  holder.stdin.write('BEGIN EXCLUSIVE; SELECT 1;\n');
  await once(holder.stdout, 'data');
  await post(fixture('PreToolUse'));
  await expect.poll(() => fs.existsSync(`${file}-hooks.drainer`), { timeout: 20_000 }).toBe(true);
  await post(fixture('PostToolUse'));
  // Time for a second drain to begin beside the first.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const stopped = stop();
  holder.stdin.end('ROLLBACK;\n');
  await stopped;
  expect(hasSpooledEvents(file)).toBe(false);
  expect(await database.countAuditTrail()).toBe(2);
});

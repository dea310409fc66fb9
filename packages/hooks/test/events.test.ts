/** Events in, rows and receipts out: every documented event, pairs, repetitions, transcripts, secrets. */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, type AuditRow, type Persistence } from '@ggen-sim/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { eventOf, importTranscript, storeEvents, type HookEvent } from '../src/index.ts';
import { hashFiles } from '../src/mapping/file-hashes.ts';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';

const FIXTURES = path.join(import.meta.dirname, 'fixtures');
const TRANSCRIPT = path.join(FIXTURES, 'transcript.jsonl');
/** In the order of a session. */
const NAMES = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PermissionRequest',
  'PermissionDenied',
  'PostToolUse',
  'PostToolUseFailure',
  'Notification',
  'SubagentStart',
  'SubagentStop',
  'TaskCreated',
  'TaskCompleted',
  'PreCompact',
  'PostCompact',
  'Stop',
  'StopFailure',
  'Future',
  'SessionEnd',
];

async function memoryDatabase(): Promise<Persistence> {
  const database = await openPersistence({ storage: 'memory' });
  onTestFinished(() => database.close());
  return database;
}

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(fs.readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8')) as Record<string, unknown>;

/** Time of the next event; those of a test follow each other. */
let clock = Date.now() - 1_000_000;

/** Makes events of payloads, one second apart. */
function events(
  payloads: readonly object[],
  options: { keepPrompts?: boolean; overHttp?: boolean } = {},
): HookEvent[] {
  return payloads.map((payload) =>
    eventOf(JSON.stringify(payload), { ...options, at: new Date((clock += 1000)) }),
  );
}

const rowsOf = async (database: Persistence): Promise<AuditRow[]> =>
  database.queryAuditTrail({ order: 'oldest-first', days: 9999 });

interface Receipt {
  readonly kind: string;
  readonly tools: Record<string, unknown>;
  readonly tool_calls: number;
  readonly files: unknown[];
}
async function receiptOf(database: Persistence, executionId: string): Promise<Receipt> {
  return JSON.parse(await database.getReceipt({ executionId })) as Receipt;
}

it('has a fixture for every event that is installed', async () => {
  const { HOOK_EVENTS } = await import('../src/settings.ts');
  expect(NAMES).toEqual(expect.arrayContaining([...HOOK_EVENTS]));
});

it('makes of a session what the documentation promises, and of the same events again nothing', async () => {
  const database = await memoryDatabase();
  const session = events(NAMES.map(fixture));
  expect(await storeEvents(database, session)).toEqual({ stored: NAMES.length, refused: [] });

  const rows = await rowsOf(database);
  expect(
    rows.map(({ operationType, operation, status }) => `${operationType}/${operation}/${status}`),
  ).toEqual([
    'session/session/started',
    'turn/turn/started',
    'tool/Bash/started',
    'permission/Bash/started',
    'permission/Bash/failed',
    'tool/Bash/completed',
    'tool/Edit/failed',
    'event/Notification/completed',
    'subagent/Explore/started',
    'subagent/Explore/completed',
    'event/TaskCreated/completed',
    'event/TaskCompleted/completed',
    'event/PreCompact/completed',
    'event/PostCompact/completed',
    'turn/turn/completed',
    'turn/turn/failed',
    'event/Future/completed',
    'session/session/completed',
  ]);
  expect(rows[5]).toMatchObject({ agentId: 'claude-code', durationMs: 1250 });
  expect(rows[6]).toMatchObject({ errorMessage: 'String to replace not found', durationMs: 3 });
  expect(rows[8]).toMatchObject({ agentId: 'claude-code/Explore' });
  expect(JSON.parse(rows[16]?.details ?? '')).toMatchObject({ novel: { nested: [1, null, 'x'] } });

  expect(await receiptOf(database, '9f0c:prompt-1')).toMatchObject({
    kind: 'turn',
    tools: {
      Bash: { calls: 1, failed: 0, duration_ms: 1250 },
      Edit: { calls: 1, failed: 1, duration_ms: 3 },
    },
    duration_ms: 13_000,
    tool_calls_unfinished: 0,
  });
  expect(await receiptOf(database, '9f0c:agent-1')).toMatchObject({ kind: 'subagent', tool_calls: 0 });
  expect(await receiptOf(database, '9f0c:session')).toMatchObject({
    kind: 'session',
    tool_calls: 2,
    turns: 2,
  });
  const receipts = await database.queryReceipts();
  expect(receipts.map(({ executionId, status }) => `${executionId} ${status}`).toSorted()).toEqual([
    '9f0c:agent-1 success',
    '9f0c:prompt-1 success',
    '9f0c:prompt-2 error',
    '9f0c:session success',
  ]);
  expect(await database.memoryHistory('claude-code/9f0c')).toHaveLength(1);

  const before = await database.stats();
  expect(await storeEvents(database, session)).toEqual({ stored: 0, refused: [] });
  for (const event of session) await storeEvents(database, [event]);
  expect(await database.stats()).toEqual(before);
  expect(await database.memoryHistory('claude-code/9f0c')).toHaveLength(1);
  expect(await database.verify()).toMatchObject({ ok: true });
});

it('measures a tool call from its start, where its end does not tell, also in a later batch', async () => {
  const database = await memoryDatabase();
  const { duration_ms: _, ...end } = fixture('PostToolUse');
  const [started, , ended] = events([fixture('PreToolUse'), {}, end]);
  for (const event of [started, ended]) if (event) await storeEvents(database, [event]);
  expect((await rowsOf(database)).at(-1)).toMatchObject({ status: 'completed', durationMs: 2000 });
});

it('hashes the files that a turn has written, and no pipe or missing file', async () => {
  const database = await memoryDatabase();
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'a.txt'), 'hi\n');
  const write = (file_path: string) => ({
    ...fixture('PostToolUse'),
    tool_name: 'Write',
    tool_use_id: file_path,
    tool_input: { file_path },
  });
  const files = ['a.txt', '/dev/zero', 'gone.txt'].map((file) => path.resolve(folder, file));
  await storeEvents(database, events([...files.map(write), { ...fixture('Stop'), cwd: folder }]));
  const { files: hashed } = await receiptOf(database, '9f0c:prompt-1');
  expect(hashed).toEqual(
    expect.arrayContaining([
      {
        path: files[0],
        sha256: '98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4',
        size_bytes: 3,
      },
      { path: '/dev/zero', sha256: null, size_bytes: null },
      { path: files[2], sha256: null, size_bytes: null },
    ]),
  );
});

it('reads no file that a request has named, also for a local end of the turn', async () => {
  const database = await memoryDatabase();
  const folder = temporaryFolder();
  const write = (file_path: string) => ({
    ...fixture('PostToolUse'),
    tool_name: 'Write',
    tool_use_id: file_path,
    tool_input: { file_path },
  });
  const [secret, own] = ['id_ed25519', 'own.txt'].map((name) => path.join(folder, name)) as [string, string];
  for (const file of [secret, own]) fs.writeFileSync(file, 'hi\n');
  await storeEvents(database, events([write(secret)], { overHttp: true }));
  await storeEvents(database, events([write(own), { ...fixture('Stop'), cwd: '/' }]));
  expect((await receiptOf(database, '9f0c:prompt-1')).files).toEqual([
    { path: secret },
    { path: own, sha256: expect.any(String) as string, size_bytes: 3 },
  ]);
  await storeEvents(database, events([{ ...fixture('Stop'), cwd: '/' }], { overHttp: true }));
  expect((await receiptOf(database, '9f0c:prompt-1:2')).files).toEqual([{ path: secret }, { path: own }]);
});

it('reads files up to a bound of all together', () => {
  const folder = temporaryFolder();
  for (const [name, sizeBytes] of Object.entries({ a: 6, b: 6, c: 4, d: 1 }))
    fs.writeFileSync(path.join(folder, name), 'x'.repeat(sizeBytes));
  const sizes = hashFiles(['a', 'b', 'c', 'd'], folder, 10).map(({ size_bytes }) => size_bytes);
  expect(sizes).toEqual([6, null, 4, null]);
});

it('a second stop of a turn has a receipt of its own; a stop without a prompt has its tool calls since the last', async () => {
  const database = await memoryDatabase();
  await storeEvents(database, events([fixture('PostToolUse'), fixture('Stop'), fixture('Stop')]));
  expect(await receiptOf(database, '9f0c:prompt-1:2')).toMatchObject({ tool_calls: 1 });
  const { prompt_id: _, ...stop } = fixture('Stop');
  const call = { ...fixture('PostToolUse'), prompt_id: undefined, tool_use_id: 'later' };
  const later = events([call, stop]);
  await storeEvents(database, later);
  expect(await receiptOf(database, `9f0c:${later[1]?.id}`)).toMatchObject({ tool_calls: 1 });
});

it('closes a session without an end when another one starts, once', async () => {
  const database = await memoryDatabase();
  const start = fixture('SessionStart');
  await storeEvents(database, events([start, fixture('PostToolUse')]));
  await storeEvents(database, events([{ ...start, session_id: 'next' }]));
  await storeEvents(database, events([{ ...start, session_id: 'third' }]));
  const closed = await database.queryReceipts({ execution: '9f0c:session*' });
  expect(closed).toMatchObject([{ status: 'partial', executionId: '9f0c:session' }]);
  await storeEvents(database, events([fixture('SessionEnd')]));
  expect(await receiptOf(database, '9f0c:session:2')).toMatchObject({ end_reason: 'prompt_input_exit' });
});

it('imports a transcript once, and beside hooks only what they have missed', async () => {
  const alone = await memoryDatabase();
  expect(await importTranscript(alone, TRANSCRIPT)).toMatchObject({ lines: 8, stored: 8, refused: 0 });
  expect(await receiptOf(alone, '9f0c:prompt-1')).toMatchObject({
    tools: {
      Bash: { calls: 1, failed: 0, duration_ms: 1250 },
      Grep: { calls: 1, failed: 1, duration_ms: 400 },
    },
  });
  const before = await alone.stats();
  expect(await importTranscript(alone, TRANSCRIPT)).toMatchObject({ stored: 0 });
  expect(await alone.stats()).toEqual(before);

  const both = await memoryDatabase();
  await storeEvents(both, events(NAMES.map(fixture)));
  // The call that no hook saw, and the prompt and the end of the last turn.
  expect(await importTranscript(both, TRANSCRIPT)).toMatchObject({ stored: 4 });
  expect(await both.countReceipts({ execution: '9f0c:prompt-1*' })).toBe(1);
  const calls = (await rowsOf(both)).filter(({ details }) => details?.includes('toolu_01A'));
  expect(calls.map(({ status }) => status)).toEqual(['started', 'completed']);
});

it('stores no obvious secret and no prompt, unless prompts are asked for', async () => {
  const database = await memoryDatabase();
  const secrets = [
    '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',
    `sk-ant-api03-${'a'.repeat(93)}AA`,
    'hunter2hunter2',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    'p4ssw0rdInUrl',
    'abcdef0123456789.bearer',
    'keyOfAField',
  ];
  const [github, anthropic, password, key, inUrl, bearer, field] = secrets;
  const command = `export GITHUB=${github}; A="${anthropic}" DB_PASSWORD=${password} curl -H "Authorization: Bearer ${bearer}" https://me:${inUrl}@example.com`;
  const payload = {
    ...fixture('PreToolUse'),
    tool_input: {
      command,
      nested: [{ api_key: field }, `-----BEGIN RSA PRIVATE KEY-----\n${key}\n-----END RSA PRIVATE KEY-----`],
      long: `${'x'.repeat(16 * 1024 - 20)} ${github}`,
    },
  };
  const prompt = fixture('UserPromptSubmit');
  const subagent = {
    ...fixture('PreToolUse'),
    tool_use_id: 'a',
    tool_name: 'Agent',
    tool_input: { prompt: 'find it' },
  };
  await storeEvents(database, events([payload, prompt, subagent]));
  const stored = JSON.stringify(await rowsOf(database));
  for (const secret of [...secrets, String(prompt['prompt']), 'find it'])
    expect(stored).not.toContain(secret);
  expect(stored).toContain('export GITHUB=[redacted]');
  expect(stored).toContain('prompt_sha256');

  const keeping = await memoryDatabase();
  await storeEvents(keeping, events([prompt], { keepPrompts: true }));
  expect(JSON.stringify(await rowsOf(keeping))).toContain(prompt['prompt']);
});

it('keeps no measurements of each event', async () => {
  const database = await memoryDatabase();
  const event = eventOf(JSON.stringify({ hook_event_name: 'PostToolUse', tool_input: { command: 'ls' } }));
  await storeEvents(database, [event]);
  const marks = (): number => performance.getEntriesByType('mark').length;
  const before = marks();
  await storeEvents(database, [{ ...event, id: 'another' }]);
  expect(marks()).toBe(before);
});

it('keeps hostile payloads as data', async () => {
  const database = await memoryDatabase();
  const hostile = [
    '',
    'null',
    '[1]',
    '{',
    '{"hook_event_name":"__proto__","session_id":"x"}',
    '{"hook_event_name":"constructor","__proto__":{"a":1}}',
    JSON.stringify({ hook_event_name: 'Stop', session_id: `'"); DROP TABLE audit_log; --`, prompt_id: '*' }),
    JSON.stringify({
      hook_event_name: 'PreToolUse',
      tool_name: '\0\u{1F}\n',
      tool_use_id: '\uD800',
      session_id: 7,
    }),
    `{"hook_event_name":"PreToolUse","tool_input":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    JSON.stringify({ hook_event_name: 'PostToolUse', tool_name: 'x'.repeat(1e6), duration_ms: -1e300 }),
  ];
  const report = await storeEvents(
    database,
    hostile.map((text) => eventOf(text)),
  );
  expect(report.stored + report.refused.length).toBe(hostile.length);
  expect(report.refused.length).toBeLessThanOrEqual(1);
  expect(await database.verify()).toMatchObject({ ok: true });
});

it('lets a server answer others while it looks through many events', async () => {
  await using database = await openPersistence({ storage: 'memory' });
  const many = Array.from({ length: 100 }, () =>
    eventOf('{"hook_event_name":"PostToolUse","tool_name":"Bash"}'),
  );
  // Each look at the clock is a millisecond later, so that no event is quick, however fast the machine is.
  let nowMs = 0;
  using looks = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1));
  let [turns, isDone] = [0, false];
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await storeEvents(database, many);
  isDone = true;
  expect(looks).toHaveBeenCalled();
  expect(turns).toBeGreaterThanOrEqual(many.length);
});

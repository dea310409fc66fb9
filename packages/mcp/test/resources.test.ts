/** Resources: what they return, which names they refuse, and the notifications of their changes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { openPersistence } from '@ggen-sim/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { MAX_SUBSCRIPTIONS } from '../src/limits.ts';
import { ResourceWatch } from '../src/resources/watch.ts';
import { connected } from './connected.ts';

/** Waits of a machine that is busy. */
const PATIENT = { timeout: 30_000 };

const today = (): string => new Date().toJSON().slice(0, 10);

it('returns receipts, memory versions and days of the audit trail byte for byte, marked as data', async () => {
  const { client, call, database } = await connected({ agent: 'a/b ü' });
  const { receiptId } = await call('receipt_save', { executionId: 'e', receipt: '{ "n": 1 }' });
  await call('memory_save', { memory: '[1]', ifVersion: 0 });
  await call('memory_save', { memory: '[2]', ifVersion: 1 });
  await call('audit_log', { operation: 'o', status: 'completed' });

  const { resources } = await client.listResources();
  const uris = resources.map(({ uri }) => uri);
  expect(uris).toEqual(
    expect.arrayContaining([`ggen-sim://receipts/${String(receiptId)}`, 'ggen-sim://memory/a%2Fb%20%C3%BC']),
  );
  for (const uri of uris) await client.readResource({ uri });

  const read = async (uri: string): Promise<string> => {
    const { contents } = await client.readResource({ uri });
    const [content] = contents as { text: string; _meta: Record<string, unknown> }[];
    expect(content?._meta['ggen-sim.dev/notice']).toMatch(/do not follow instructions/u);
    return content?.text ?? '';
  };
  expect(await read(`ggen-sim://receipts/${String(receiptId)}`)).toBe('{ "n": 1 }');
  expect(await read('ggen-sim://memory/a%2Fb%20%C3%BC')).toBe('[2]');
  expect(await read('ggen-sim://memory/a%2Fb%20%C3%BC/1')).toBe('[1]');
  expect(JSON.parse(await read(`ggen-sim://audit/${today()}`))).toMatchObject({
    entriesTotal: await database.countAuditTrail(),
    entries: [{ operation: 'o' }],
  });
  const { resourceTemplates } = await client.listResourceTemplates();
  expect(resourceTemplates).toHaveLength(4);
});

it.each([
  'file:///etc/passwd',
  'ggen-sim://receipts/../../etc/passwd',
  'ggen-sim://receipts/%2e%2e%2fetc%2fpasswd',
  'ggen-sim://memory/x/-1',
  'ggen-sim://memory/x/1/2',
  'ggen-sim://memory/%ZZ',
  'ggen-sim://audit/2026-02-31',
  "ggen-sim://audit/2026-01-01' OR 1=1",
  'ggen-sim://sql/DROP',
  'ggen-sim://',
])('does not find %s', async (uri) => {
  const { client } = await connected();
  await expect(client.readResource({ uri })).rejects.toMatchObject({
    code: -32_002,
    data: { code: 'NOT_FOUND' },
  });
});

it('notifies of what other connections save, also after the database was replaced by another', async () => {
  const { client, call, database } = await connected({ agent: 'a' });
  const updated: string[] = [];
  let listChanges = 0;
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void updated.push(params.uri),
  );
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void listChanges++);
  await client.subscribeResource({ uri: 'ggen-sim://memory/a' });
  await client.subscribeResource({ uri: `ggen-sim://audit/${today()}` });
  await client.subscribeResource({ uri: 'ggen-sim://memory/b' });
  await client.unsubscribeResource({ uri: 'ggen-sim://memory/b' });

  await database.saveMemory({ agentId: 'b', agentType: 't', memory: '1' });
  await call('memory_save', { memory: {}, ifVersion: 0 });
  await vi.waitUntil(() => updated.includes('ggen-sim://memory/a') && listChanges > 0);
  await database.logAudit({ agentId: 'b', operation: 'o', status: 'failed' });
  await vi.waitUntil(() => updated.includes(`ggen-sim://audit/${today()}`));
  expect(updated).not.toContain('ggen-sim://memory/b');

  updated.length = 0;
  await using other = await openPersistence({ storage: 'memory' });
  await other.saveMemory({ agentId: 'a', agentType: 't', memory: '"other"' });
  await database.importImage(await other.exportImage());
  await vi.waitUntil(() => updated.includes('ggen-sim://memory/a'));
  updated.length = 0;
  await database.saveMemory({ agentId: 'a', agentType: 't', memory: '2' });
  await vi.waitUntil(() => updated.includes('ggen-sim://memory/a'));
});

it('serves a database without a change log, without notifications', async () => {
  const without = await openPersistence({ storage: 'memory', changeLog: false });
  const { client, call, refusal } = await connected({ agent: 'a' }, without);
  await client.subscribeResource({ uri: 'ggen-sim://memory/a' });
  await call('memory_save', { memory: {}, ifVersion: 0 });
  expect(await refusal('memory_get', { version: 7 })).toMatchObject({ code: 'NOT_FOUND' });
  const { receiptId } = await call('receipt_save', { executionId: 'e', receipt: {} });
  expect(await refusal('receipt_verify', { receiptId })).toMatchObject({
    code: 'NO_CHANGE_LOG',
    remedy: expect.stringContaining('db history enable') as string,
  });
});

it('notifies once the change log is created', async () => {
  const without = await openPersistence({ storage: 'memory', changeLog: false });
  const { client, database } = await connected({}, without);
  const updated: string[] = [];
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void updated.push(params.uri),
  );
  const uri = 'ggen-sim://memory/a';
  await client.subscribeResource({ uri });
  await database.enableHistory();
  // What changed before is not known, so the first notification needs no save.
  await client.listResources();
  await vi.waitUntil(() => updated.includes(uri), PATIENT);
  updated.length = 0;
  await database.saveMemory({ agentId: 'a', agentType: 't', memory: '1' });
  await vi.waitUntil(() => updated.includes(uri), PATIENT);
  expect(new Set(updated)).toEqual(new Set([uri]));
});

it('subscribes again after the database was locked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ggen-sim-mcp-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a.db');
  const file = await openPersistence({ storage: 'file', path, retry: { busyDeadlineMs: 50 } });
  const { client, call } = await connected({ agent: 'a' }, file);
  let updates = 0;
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void updates++);
  const holder = spawn('sqlite3', [path], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write("BEGIN EXCLUSIVE; SELECT 'held';\n");
  await once(holder.stdout, 'data');
  const uri = 'ggen-sim://memory/a';
  await expect(client.subscribeResource({ uri })).rejects.toMatchObject({
    data: { code: 'DATABASE_LOCKED' },
  });
  holder.stdin.end();
  await once(holder, 'close');
  await client.subscribeResource({ uri });
  await call('memory_save', { memory: {}, ifVersion: 0 });
  await vi.waitUntil(() => updates > 0, PATIENT);
  expect(updates).toBeGreaterThan(0);
});

it('bounds the number and the length of subscriptions', async () => {
  const { client } = await connected();
  const subscribe = (name: string) => client.subscribeResource({ uri: `ggen-sim://memory/${name}` });
  await expect(subscribe('x'.repeat(10_000))).rejects.toThrow(/8192 characters/);
  await Promise.all(Array.from({ length: 1000 }, (_, index) => subscribe(String(index))));
  await expect(subscribe('one-more')).rejects.toThrow(/1000/);
  await client.unsubscribeResource({ uri: 'ggen-sim://memory/0' });
  await subscribe('one-more');
});

it('subscribes a client to no more URIs than the limit, however many it asks for at once', async () => {
  const database = await openPersistence({ storage: 'memory' });
  const ignored = (): Promise<void> => Promise.resolve();
  const watch = new ResourceWatch(database, { updated: ignored, listChanged: ignored });
  onTestFinished(async () => {
    watch.close();
    await database.close();
  });
  const asked = Array.from({ length: MAX_SUBSCRIPTIONS + 5 }, (_, index) => watch.subscribe(`uri-${index}`));
  const refused = (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(5);
  await expect(watch.subscribe('more')).rejects.toMatchObject({ code: 'TOO_LARGE' });
  await watch.subscribe('uri-0');
});

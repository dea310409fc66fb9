/** What deletions and redactions leave in the file, in the log and in other databases, and what only looks like one. */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { parseRedacted, type Persistence } from '../../src/index.ts';
import { auditOf, collect, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { MemoryBackupDirectory } from '../../src/testing/memory-backup-directory.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const reason = 'asked for';

/** Content that is long enough for pages of its own, and found by its beginning. */
const secretOf = (name: string, length: number): string =>
  JSON.stringify({ [`secret-${name}`]: 'x'.repeat(length) });

const holds = (file: string, text: string): boolean => fs.readFileSync(file).includes(text);

it.each([
  [10, true],
  [20_000, true],
  [20_000, false],
])('overwrites %d characters in the file (change log: %s)', async (length, changeLog) => {
  const database = createTestDatabase();
  const db = await database.open({ changeLog });
  const { receipts, audits } = await db.record({
    receipts: ['a', 'b'].map((name) => receiptOf(name, { receipt: secretOf(name, length) })),
    audits: ['c', 'd'].map((name) => auditOf(name, { details: secretOf(name, length) })),
    memories: ['e', 'f'].map((name) => memoryOf(name, { memory: secretOf(name, length) })),
  });
  for (const name of ['e', 'f']) {
    await db.saveMemory(memoryOf(name, { memory: '{}' }));
    await db.saveMemory(memoryOf(name, { memory: secretOf(`${name}2`, length) }));
  }
  const [one, other] = receipts.map(({ receiptId }) => receiptId);
  await db.deleteRecord({ receiptId: one ?? '', reason });
  await db.redactRecord({ receiptId: other ?? '', reason });
  await db.deleteRecord({ auditId: audits[0]?.auditId ?? '', reason });
  await db.redactRecord({ auditId: audits[1]?.auditId ?? '', reason });
  await db.deleteRecord({ agentId: 'e', reason });
  await db.redactRecord({ agentId: 'f', reason, vacuum: true });
  expect(holds(database.file, 'secret-')).toBe(false);
  expect(await db.verify()).toMatchObject({ ok: true, problems: [] });
});

it('overwrites what is beyond the first page of content without a vacuum', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const contentOf = (n: number): string => JSON.stringify({ x: 'x'.repeat(9000), secret: `secret-${n}-` });
  const saved = await db.saveReceipts(upTo(6).map((n) => receiptOf(`${n}`, { receipt: contentOf(n) })));
  for (const [index, { receiptId }] of saved.entries()) {
    expect(holds(database.file, `secret-${index}-`)).toBe(true);
    await (index % 2 === 0 ? db.deleteRecord({ receiptId, reason }) : db.redactRecord({ receiptId, reason }));
    expect(holds(database.file, `secret-${index}-`)).toBe(false);
  }
});

it.each(['deleteRecord', 'redactRecord'] as const)(
  '%s says that the record is gone when it is aborted before the file is written anew',
  async (method) => {
    const database = createTestDatabase();
    const db = await database.open();
    const { receiptId } = await db.saveReceipt(receiptOf('a'));
    const stop = new AbortController();
    const aborted = db[method]({
      receiptId,
      reason,
      vacuum: true,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(aborted).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringMatching(
        /(?:deleted|redacted) \(entry 2 .*, but the file was not written anew/,
      ) as string,
    });
    expect(await db.verify()).toMatchObject({ ok: true, problems: [] });
  },
);

it('redacts a memory of very many versions in parts, beside saves, and goes on after an abort', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveMemories(upTo(1201).map((n) => memoryOf('m', { memory: { secret: n } })));
  const stop = new AbortController();
  const saves: Promise<unknown>[] = [];
  const aborted = db.redactRecord({
    agentId: 'm',
    reason,
    signal: stop.signal,
    onProgress() {
      saves.push(db.saveReceipt(receiptOf(`r-${saves.length}`)));
      stop.abort();
    },
  });
  await expect(aborted).rejects.toMatchObject({
    code: 'ABORTED',
    message: expect.stringContaining('500 earlier versions of the memory') as string,
  });
  await Promise.all(saves);
  expect(await db.verify()).toMatchObject({ problems: [], history: { entriesRedacted: 500 } });
  const rest = await db.redactRecord({ agentId: 'm', reason });
  expect(rest).toMatchObject({ valuesRedacted: 1, versionsRedacted: 700 });
  expect(await db.verify()).toMatchObject({ problems: [], history: { entriesRedacted: 1201 } });
  expect(database.native("SELECT count(*) FROM _change_log WHERE body LIKE '%secret%'")).toBe('0');
  expect(saves.length).toBeGreaterThan(0);
});

/** The redacted form of content, as anybody can write it. */
const FORGED = `{"redacted":{"sha256":"${'0'.repeat(64)}","size_bytes":5}}`;

async function problemsAfter(database: TestDatabase, db: Persistence, ...sql: string[]): Promise<string[]> {
  database.native(...sql);
  return (await db.verify()).problems.map(({ check, row, message }) => `${check} ${row}: ${message}`);
}

it.each(['receipts', 'agent_memory', 'audit_log'])(
  'finds a hand edit of %s that only looks redacted',
  async (table) => {
    const database = createTestDatabase();
    const db = await database.open();
    await db.record({
      receipts: [receiptOf('a')],
      audits: [auditOf('o', { details: 'd' })],
      memories: [memoryOf('m')],
    });
    const column = { receipts: 'receipt_json', agent_memory: 'memory_json' }[table] ?? 'details';
    const found = await problemsAfter(database, db, `UPDATE ${table} SET ${column} = '${FORGED}'`);
    expect(found.join('\n')).toMatch(
      new RegExp(`history ${table} 1: .* was edited: it looks redacted, but no entry`),
    );
    if (table === 'receipts') expect(found.join('\n')).toContain('receipt_id is');
  },
);

it('finds another content, hash or reason in place of what a redaction left', async () => {
  for (const [sql, expected] of [
    ["UPDATE receipts SET receipt_json = '{}'", /was edited: it is not what entry 3 .*left of entry 1/],
    [
      `UPDATE receipts SET receipt_json = '${FORGED}'`,
      /was edited: it is not what entry 3 .*left of entry 1/,
    ],
    ["UPDATE _change_log SET leaf = x'00' WHERE seq = 1", /was edited: it does not have the hash of entry 1/],
    ["UPDATE receipts SET status = 'error'", /was edited: it is not what entry 3 .*left of entry 1/],
    [
      "UPDATE _change_log SET body = replace(body, 'asked', 'never asked') WHERE seq = 3",
      /entry 3 .*was edited/,
    ],
    ['DELETE FROM receipts', /entry 1 .*was deleted by another program/],
    ["UPDATE _change_log SET kind = 'rows.held' WHERE seq = 3", /entry 3 .*was edited/],
  ] as const) {
    const database = createTestDatabase();
    const db = await database.open();
    const { receiptId } = await db.saveReceipt(receiptOf('a'));
    await db.saveMemory(memoryOf('m'));
    await db.redactRecord({ receiptId, reason });
    expect((await problemsAfter(database, db, sql)).join('\n'), sql).toMatch(expected);
  }
});

it('goes on to report an edit of a row that is redacted after it', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { receiptId } = await db.saveReceipt(receiptOf('a'));
  database.native(`UPDATE receipts SET receipt_json = '{"edited":1}'`);
  await db.redactRecord({ receiptId, reason });
  expect((await problemsAfter(database, db)).join('\n')).toMatch(
    /was edited: it looks redacted, but no entry/,
  );
});

it('finds a hold that another program removed', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveMemory(memoryOf('m'));
  await db.addHold({ agentId: 'm', reason });
  const found = await problemsAfter(database, db, "DELETE FROM _schema_metadata WHERE key LIKE 'hold:%'");
  expect(found).toEqual([expect.stringMatching(/the hold of "m" in agent_memory \(entry 2 .*was removed/)]);
});

it('works without a change log, and says that nothing shows it', async () => {
  const database = createTestDatabase();
  const db = await database.open({ changeLog: false });
  const { receipts } = await db.record({
    receipts: [receiptOf('a'), receiptOf('b')],
    memories: [memoryOf('m')],
  });
  const [one, other] = receipts.map(({ receiptId }) => receiptId);
  expect(await db.deleteRecord({ receiptId: one ?? '', reason })).toMatchObject({ seq: null });
  expect(await db.redactRecord({ receiptId: other ?? '', reason })).toMatchObject({
    seq: null,
    valuesRedacted: 1,
  });
  expect(await db.redactRecord({ agentId: 'm', reason })).toMatchObject({ seq: null, valuesRedacted: 1 });
  expect(await db.verify()).toMatchObject({ ok: true, receiptsRedacted: 1, history: null });
  await db.enableHistory();
  expect(parseRedacted((await db.queryReceipts())[0]?.receiptJson)?.sizeBytes).toBe(11);
  expect(await db.verify()).toMatchObject({ ok: true, problems: [], receiptsRedacted: 1 });
  const events = await collect(db.changes());
  expect(events.map(({ data }) => [data.kind, data.table, data.details])).toContainEqual([
    'rows.redacted',
    'receipts',
    { table: 'receipts', cause: 'import', ids: [other], count: 0, entries: [] },
  ]);
  expect(await problemsAfter(database, db, `UPDATE receipts SET receipt_json = '${FORGED}'`)).toEqual([
    expect.stringMatching(/was edited: it looks redacted, but no entry/),
  ]);
});

it.each(['json', 'image', 'importImage'] as const)(
  'knows what was redacted without a change log after it came by %s into a database that has one',
  async (from) => {
    const database = createTestDatabase();
    const plain = await database.open({ path: database.path('plain.db'), changeLog: false });
    const { receiptId } = await plain.saveReceipt(receiptOf('a'));
    await plain.saveReceipt(receiptOf('b'));
    await plain.redactRecord({ receiptId, reason });
    const directory = new MemoryBackupDirectory();
    await plain.exportBackup({ directory });
    const db = await database.open();
    await db.saveReceipt(receiptOf('c'));
    if (from === 'importImage') await db.importImage(await plain.exportImage());
    else await db.restoreBackup({ directory, from, force: true });
    const sound = { ok: true, problems: [], receiptsVerified: 1, receiptsRedacted: 1 };
    expect(await db.verify()).toMatchObject({ ...sound, history: { rowsVerified: 2 } });
    const own = new MemoryBackupDirectory();
    await db.exportBackup({ directory: own });
    await db.restoreBackup({ directory: own, force: true });
    expect(await db.verify()).toMatchObject(sound);
  },
);

it('takes the redacted form of a row of another program for no redaction', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  database.native(`INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
    SELECT '${'0'.repeat(64)}', 'e', agent_id, agent_type, '${FORGED}', status FROM receipts`);
  await db.saveReceipt(receiptOf('b'));
  expect((await problemsAfter(database, db)).join('\n')).toMatch(/^receipt.* receipts 2: receipt_id is/);
});

it('tells the number of the entry, also where a save before it in the same transaction failed', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { receiptId } = await db.saveReceipt(receiptOf('a'));
  database.native(`CREATE TRIGGER refuse BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END`);
  const [failed, , deleted] = await Promise.allSettled([
    db.record({ receipts: [receiptOf('b'), receiptOf('c')], audits: [auditOf('o')] }),
    db.saveMemory(memoryOf('m')),
    db.deleteRecord({ receiptId, reason }),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'CONSTRAINT' } });
  const seq = database.native("SELECT seq FROM _change_log WHERE kind = 'rows.deleted'");
  expect(deleted).toMatchObject({ status: 'fulfilled', value: { seq: Number(seq) } });
});

it('imports rows that come redacted, and notes them as such', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { receiptId } = await db.saveReceipt(receiptOf('a'));
  await db.redactRecord({ receiptId, reason });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const output = new WritableStream<Uint8Array>({
    write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
  });
  await db.exportRows({ table: 'receipts', format: 'ndjson', output });
  const other = await database.open({ path: database.path('other.db') });
  const input = new Blob(chunks).stream();
  expect(await other.importRows({ table: 'receipts', input })).toMatchObject({ rows: 1, refused: 0 });
  expect(await other.verify()).toMatchObject({ ok: true, receiptsRedacted: 1, history: { rowsVerified: 1 } });
});

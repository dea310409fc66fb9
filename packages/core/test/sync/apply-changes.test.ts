import { expect, it } from 'vitest';
import { openPersistence, type IncomingChange, type Persistence } from '../../src/index.ts';

/** Lists what a database has saved, as another one is told of it. */
async function savedIn(database: Persistence): Promise<IncomingChange[]> {
  const changes: IncomingChange[] = [];
  for await (const { data } of database.changes({ rows: true })) {
    const { row, table, leaf, parent = null } = data;
    if (!row || table === null) continue;
    const id = 'auditId' in row ? row.auditId : 'receiptId' in row ? row.receiptId : row.agentId;
    changes.push({ kind: 'saved', table, id, row: { ...row }, leaf, parent, leaves: [], reason: null });
  }
  return changes;
}

async function apply(database: Persistence, changes: readonly IncomingChange[], pushedSeq?: number) {
  const { origin, lastSeq } = await database.syncState();
  return database.applyChanges({ origin, pushedSeq: pushedSeq ?? lastSeq, changes, state: '{"a":1}' });
}

it('stores rows and the state in one transaction, and the same again makes no difference', async () => {
  await using from = await openPersistence({ storage: 'memory' });
  await using to = await openPersistence({ storage: 'memory' });
  await from.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: {} });
  await from.logAudit({ agentId: 'a', operation: 'o', status: 'completed' });
  await from.saveMemory({ agentId: 'a', agentType: 't', memory: 1 });
  const changes = await savedIn(from);
  expect(await apply(to, changes)).toMatchObject({ applied: true, stored: 3, present: 0, refused: [] });
  expect(await apply(to, changes)).toMatchObject({ applied: true, stored: 0, present: 3 });
  expect(await to.queryReceipts()).toEqual(await from.queryReceipts());
  expect(await to.syncState()).toMatchObject({ state: '{"a":1}', lastSeq: 3 });
});

it('refuses a row that does not have its hash, and the position of another database', async () => {
  await using from = await openPersistence({ storage: 'memory' });
  await using to = await openPersistence({ storage: 'memory' });
  await from.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: {} });
  const [change] = await savedIn(from);
  if (change === undefined) throw new Error('nothing was saved');
  const edited = { ...change, row: { ...change.row, agentId: 'another' } };
  expect(await apply(to, [edited])).toMatchObject({
    stored: 0,
    refused: [{ reason: expect.stringMatching(/hash/) }],
  });
  const { origin } = await from.syncState();
  await expect(
    to.applyChanges({ origin, pushedSeq: 0, changes: [change], state: 'other' }),
  ).rejects.toMatchObject({ code: 'CHANGE_LOG_RESET' });
  expect([await to.countReceipts(), (await to.syncState()).state]).toEqual([0, '{"a":1}']);
});

it('stores nothing while others do not know of a removal here', async () => {
  await using from = await openPersistence({ storage: 'memory' });
  await using to = await openPersistence({ storage: 'memory' });
  await from.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: {} });
  const { receiptId } = await to.saveReceipt({ executionId: 'f', agentId: 'a', agentType: 't', receipt: {} });
  await to.deleteRecord({ receiptId, reason: 'r' });
  const changes = await savedIn(from);
  expect(await apply(to, changes, 1)).toMatchObject({ applied: false, stored: 0 });
  expect((await to.syncState()).state).toBeNull();
  expect(await apply(to, changes, 2)).toMatchObject({ applied: true, stored: 1 });
});

it('keeps both of two versions, and the same one wins in both databases', async () => {
  await using one = await openPersistence({ storage: 'memory' });
  await using other = await openPersistence({ storage: 'memory' });
  await one.saveMemory({ agentId: 'a', agentType: 't', memory: { text: 'first' } });
  await apply(other, await savedIn(one));
  await one.saveMemory({ agentId: 'a', agentType: 't', memory: { text: 'in one' } });
  await other.saveMemory({ agentId: 'a', agentType: 't', memory: { text: 'in the other' } });
  const [ofOne, ofOther] = [await savedIn(one), await savedIn(other)];
  expect(await apply(other, ofOne)).toMatchObject({ conflicts: 1 });
  expect(await apply(one, ofOther)).toMatchObject({ conflicts: 1 });
  expect(await one.getMemory('a')).toBe(await other.getMemory('a'));
  expect(await one.queryAuditTrail()).toEqual(await other.queryAuditTrail());
  for (const database of [one, other]) {
    // Each is listed once, and is found by its hash where another one has the same number.
    const history = await database.memoryHistory('a');
    const texts = await Promise.all(history.map(({ hash }) => database.getMemory({ agentId: 'a', hash })));
    expect(history.map(({ version }) => version)).toEqual([2, 2, 1]);
    expect(texts.toSorted()).toEqual(['{"text":"first"}', '{"text":"in one"}', '{"text":"in the other"}']);
    expect(texts[0]).toBe(await database.getMemory('a'));
    const versions = (await savedIn(database)).map(({ row }) => row?.['memoryJson']);
    expect(new Set(versions)).toEqual(
      new Set(['{"text":"first"}', '{"text":"in one"}', '{"text":"in the other"}', undefined]),
    );
    expect((await database.verify()).problems).toEqual([]);
  }
});

it('gives a memory that was deleted and saved again a history of its own', async () => {
  await using database = await openPersistence({ storage: 'memory' });
  for (const memory of [1, 2]) await database.saveMemory({ agentId: 'a', agentType: 't', memory });
  await database.deleteRecord({ agentId: 'a', reason: 'r' });
  for (const memory of [3, 4]) await database.saveMemory({ agentId: 'a', agentType: 't', memory });
  expect((await database.memoryHistory('a')).map(({ version }) => version)).toEqual([2, 1]);
  expect(await database.getMemory({ agentId: 'a', version: 1 })).toBe('3');
  expect((await database.verify()).problems).toEqual([]);
});

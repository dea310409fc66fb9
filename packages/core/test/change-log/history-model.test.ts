/**
 * Random histories against a model: saves, updates of memory, deletions, redactions, retention, rows of other programs, and
 * processes that are killed while they save. Rows, events, versions, checkpoints and proofs agree with the model.
 * `CRASH_SEED` gives other histories.
 */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Children } from '../../../../tests/support/child-process.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import { verifyProof, type Persistence } from '../../src/index.ts';
import { auditOf, collect, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const FIRST_SEED = Number(process.env['CRASH_SEED'] ?? 20_260_101);
const STEPS = 25;

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

/** What must be stored. Ids are in the order in which they were saved. */
class Model {
  receipts: string[] = [];
  audits: string[] = [];
  readonly redacted: Set<string> = new Set();
  /** Texts of every version of each memory. */
  readonly memories: Map<string, string[]> = new Map();
  /** Texts of the checkpoints that were kept. */
  readonly checkpoints: string[] = [];
}

async function changeSomething(
  db: Persistence,
  database: TestDatabase,
  model: Model,
  random: SeededRandom,
  name: string,
): Promise<void> {
  switch (random.below(9)) {
    case 0:
    case 1: {
      const receipts = upTo(random.between(1, 6)).map((n) => receiptOf(`${name}-${n}`));
      const saved = await db.saveReceipts(receipts);
      model.receipts.push(...saved.map(({ receiptId }) => receiptId));
      return;
    }
    case 2: {
      const saved = await db.logAudits(upTo(random.between(1, 4)).map(() => auditOf(name)));
      model.audits.push(...saved.map(({ auditId }) => auditId));
      return;
    }
    case 3: {
      const agent = `agent-${random.below(2)}`;
      await db.saveMemory(memoryOf(agent, { memory: JSON.stringify({ name }) }));
      model.memories.set(agent, [...(model.memories.get(agent) ?? []), JSON.stringify({ name })]);
      return;
    }
    case 4: {
      if (model.receipts.length === 0) return;
      const receiptId = random.oneOf(model.receipts);
      await db.deleteRecord({ receiptId, reason: name, vacuum: false });
      model.receipts = model.receipts.filter((id) => id !== receiptId);
      return;
    }
    case 5: {
      if (model.receipts.length === 0) return;
      const receiptId = random.oneOf(model.receipts);
      await db.redactRecord({ receiptId, reason: name, vacuum: false });
      model.redacted.add(receiptId);
      return;
    }
    case 6: {
      database.native(
        `INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES ('${name}', 'native', 'o', 'completed')`,
      );
      model.audits.push(name);
      return;
    }
    case 7: {
      const maxCount = Math.max(1, model.receipts.length - random.below(4));
      await db.setRetentionPolicy({ name: 'newest', table: 'receipts', maxCount });
      await db.runRetention({ vacuum: false });
      model.receipts = model.receipts.slice(-maxCount);
      return;
    }
    default: {
      const acknowledged = await children.killAfterLines(
        'save-until-killed',
        [database.file, name],
        random.between(1, 8),
      );
      const newest = await collect(db.queryReceipts({ agent: name, limit: 1000 }));
      const found = newest.map(({ receiptId }) => receiptId).toReversed();
      expect(found).toEqual(expect.arrayContaining(acknowledged));
      model.receipts.push(...found);
    }
  }
}

async function expectAgreement(db: Persistence, model: Model): Promise<void> {
  const stored = await collect(db.queryReceipts({ limit: 10_000 }));
  expect(stored.map(({ receiptId }) => receiptId).toSorted()).toEqual(model.receipts.toSorted());
  const audits = await collect(db.queryAuditTrail({ limit: 10_000 }));
  expect(audits.map(({ auditId }) => auditId).toSorted()).toEqual(model.audits.toSorted());

  for (const [agentId, versions] of model.memories) {
    for (const [index, text] of versions.entries()) {
      expect(await db.getMemory({ agentId, version: index + 1 })).toBe(text);
    }
  }

  const rows = model.receipts.length + model.audits.length + model.memories.size;
  const report = await db.verify({ checkpoints: model.checkpoints });
  expect(report.problems).toEqual([]);
  expect(report.history).toMatchObject({ rowsVerified: rows, rowsNotLogged: 0, rowsWithoutHash: 0 });
  expect(report.receiptsRedacted).toBe(model.receipts.filter((id) => model.redacted.has(id)).length);

  const events = (await collect(db.changes())).map(({ data }) => data);
  expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length).map((n) => n + 1));
  const told = events.filter(({ kind }) => !kind.startsWith('rows.')).length;
  const replaced = [...model.memories.values()].reduce((sum, versions) => sum + versions.length - 1, 0);
  const deleted = events
    .filter(({ kind }) => kind === 'rows.deleted')
    .reduce((sum, { details }) => sum + Number(details?.['count']), 0);
  expect(told - replaced - deleted).toBe(rows);

  const { text: checkpoint, size } = await db.checkpoint();
  for (const smallerCheckpoint of model.checkpoints) {
    const proof = await db.prove({ smallerSize: Number(smallerCheckpoint.split('\n')[1]), size });
    await verifyProof(proof, { checkpoint, smallerCheckpoint });
  }
  for (const receiptId of model.receipts.slice(-10)) {
    const proving = db.prove({ receiptId, size });
    if (model.redacted.has(receiptId)) await expect(proving).rejects.toMatchObject({ code: 'PROOF_INVALID' });
    else await verifyProof(await proving, { checkpoint });
  }
}

it.each([0, 1, 2].map((offset) => FIRST_SEED + offset))(
  'rows, events, versions and proofs agree with the model (CRASH_SEED=%i)',
  async (seed) => {
    const database = createTestDatabase();
    const random = new SeededRandom(seed);
    const model = new Model();
    let db = await database.open();
    for (const step of upTo(STEPS)) {
      await changeSomething(db, database, model, random, `n${step}`);
      if (random.chance(0.2)) model.checkpoints.push((await db.checkpoint()).text);
      if (random.chance(0.2)) {
        await db.close();
        db = await database.open();
      }
    }
    // The next write adopts the rows of other programs.
    const [{ auditId }] = (await db.logAudits([auditOf('last')])) as [{ auditId: string }];
    model.audits.push(auditId);
    await expect(expectAgreement(db, model)).resolves.toBeUndefined();
  },
);

/**
 * Random histories against a model: saves, updates of memory, versions that are restored, deletions, redactions, retention,
 * rows of other programs, backups that are restored, and processes that are killed while they save. Rows, events, versions,
 * checkpoints and proofs agree with the model. `CRASH_SEED` gives other histories, `HISTORIES` more of them, and then a
 * report for `pnpm crash-tests`.
 */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Children } from '../../../../tests/support/child-process.ts';
import type { CrashFailure, CrashReport } from '../../../../tests/crash/crash-report.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import { parseRedacted, verifyProof, type Persistence } from '../../src/index.ts';
import { MemoryBackupDirectory } from '../../src/testing/memory-backup-directory.ts';
import { auditOf, collect, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const FIRST_SEED = Number(process.env['CRASH_SEED'] ?? 20_260_101);
const HISTORIES = Number(process.env['HISTORIES'] ?? 3);
const STEPS = 25;

/** Negative control: what is done to each history before it is compared, which must be found. */
const DEFECT = process.env['HISTORY_DEFECT'];

/** In place of the text of a version that was redacted. */
const REDACTED = 'redacted';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

/** What `pnpm crash-tests` reports. */
const kills: GrowingReport = {
  storage: 'file',
  mode: DEFECT ?? 'random histories, processes killed',
  seed: FIRST_SEED,
  points: 0,
  needingRecovery: 0,
  failures: [],
  durationMs: 0,
};
const startedAt = performance.now();
afterAll(() => {
  if (process.env['HISTORIES'] === undefined) return;
  const durationMs = Math.round(performance.now() - startedAt);
  console.log(`CRASH_REPORT ${JSON.stringify({ ...kills, durationMs })}`);
});

/** A report whose numbers grow. */
type GrowingReport = { -readonly [Field in keyof CrashReport]: CrashReport[Field] } & {
  failures: CrashFailure[];
};

/** What must be stored. Ids are in the order in which they were saved. */
class Model {
  receipts: string[] = [];
  audits: string[] = [];
  redacted: Set<string> = new Set();
  /** Texts of every version of each memory. */
  memories: Map<string, readonly string[]> = new Map();
  /** Number of saves that replaced a memory. */
  replaced = 0;
  /** Texts of the checkpoints that were kept. */
  checkpoints: string[] = [];
  /** How many of them were made before the last restore, which gave the database another id. */
  ofEarlierIds = 0;
  /** The last backup, and what it holds. */
  backup: { readonly directory: MemoryBackupDirectory; readonly restored: () => void } | undefined;

  saveMemory(agent: string, text: string): void {
    const versions = this.memories.get(agent);
    if (versions !== undefined) this.replaced++;
    this.memories.set(agent, [...(versions ?? []), text]);
  }

  /** Remembers what is stored now, as a backup has it: the change log too, and so what earlier checkpoints are of. */
  keep(directory: MemoryBackupDirectory): void {
    const receipts = [...this.receipts];
    const audits = [...this.audits];
    const redacted = [...this.redacted];
    const memories = [...this.memories];
    const checkpoints = [...this.checkpoints];
    const { replaced } = this;
    const restored = (): void => {
      this.receipts = [...receipts];
      this.audits = [...audits];
      this.redacted = new Set(redacted);
      this.memories = new Map(memories);
      this.checkpoints = [...checkpoints];
      this.ofEarlierIds = checkpoints.length;
      this.replaced = replaced;
    };
    this.backup = { directory, restored };
  }
}

async function changeSomething(
  db: Persistence,
  database: TestDatabase,
  model: Model,
  random: SeededRandom,
  name: string,
): Promise<void> {
  switch (random.below(13)) {
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
      const { version } = await db.saveMemory(memoryOf(agent, { memory: JSON.stringify({ name }) }));
      model.saveMemory(agent, JSON.stringify({ name }));
      expect(version).toBe(model.memories.get(agent)?.length);
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
    case 8:
    case 9: {
      if (model.memories.size === 0) return;
      const [agentId, versions] = random.oneOf([...model.memories]);
      const version = random.between(1, versions.length);
      const text = versions[version - 1] ?? '';
      await db.restoreMemory({ agentId, version });
      model.saveMemory(agentId, text);
      return;
    }
    case 10: {
      if (model.memories.size === 0) return;
      const [agentId, versions] = random.oneOf([...model.memories]);
      if (random.chance(0.3)) {
        await db.deleteRecord({ agentId, reason: name, vacuum: false });
        model.memories.delete(agentId);
        return;
      }
      await db.redactRecord({ agentId, reason: name, vacuum: false });
      model.memories.set(
        agentId,
        versions.map(() => REDACTED),
      );
      return;
    }
    case 11: {
      if (model.backup !== undefined && random.chance(0.5)) {
        const { directory, restored } = model.backup;
        const from = random.oneOf(['image', 'json'] as const);
        await db.restoreBackup({ directory, from, force: true });
        restored();
        return;
      }
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      model.keep(directory);
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
      kills.points++;
      if (found.length > acknowledged.length) kills.needingRecovery++;
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
      const reading = db.getMemory({ agentId, version: index + 1 });
      if (text === REDACTED) expect(parseRedacted(await reading)).toBeDefined();
      else expect(await reading).toBe(text);
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
  const deleted = events
    .filter(({ kind, details }) => kind === 'rows.deleted' && details?.['cause'] !== 'restore')
    .reduce((sum, { details }) => sum + Number(details?.['count']), 0);
  expect(told - model.replaced - deleted).toBe(rows);

  const { text: checkpoint, size } = await db.checkpoint();
  for (const [index, smallerCheckpoint] of model.checkpoints.entries()) {
    const proof = await db.prove({ smallerSize: Number(smallerCheckpoint.split('\n')[1]), size });
    const verifying = verifyProof(proof, { checkpoint, smallerCheckpoint });
    if (index >= model.ofEarlierIds) await verifying;
    else await expect(verifying).rejects.toMatchObject({ code: 'PROOF_INVALID' });
  }
  for (const receiptId of model.receipts.slice(-10)) {
    const proving = db.prove({ receiptId, size });
    if (model.redacted.has(receiptId)) await expect(proving).rejects.toMatchObject({ code: 'PROOF_INVALID' });
    else await verifyProof(await proving, { checkpoint });
  }
}

async function runHistory(seed: number): Promise<void> {
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
  if (DEFECT !== undefined)
    database.native("UPDATE audit_log SET details = 'edited' WHERE operation = 'last'");
  await expectAgreement(db, model);
}

it.each(upTo(HISTORIES).map((n) => FIRST_SEED + n))(
  'rows, events, versions and proofs agree with the model (CRASH_SEED=%i)',
  async (seed) => {
    const running = runHistory(seed);
    running.catch(({ message: reason }: Error) =>
      kills.failures.push({ point: kills.points, image: `seed ${seed}`, reason }),
    );
    await expect(running).resolves.toBeUndefined();
  },
);

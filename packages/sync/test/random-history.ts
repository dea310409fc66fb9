/** Random histories of three databases over one target, against a model: which rows and versions there are. */
import { openPersistence, parseRedacted, type MemoryRow, type Persistence } from '@ggen-sim/core';
import { expect } from 'vitest';
import { SeededRandom } from '../../../tests/support/seeded-random.ts';
import { SyncError, Synchroniser, type SyncTarget } from '../src/index.ts';

const STEPS = 40;
const AGENTS = ['agent-1', 'agent-2', 'agent-3', 'agent-4'];
/** The memory of this one is deleted and redacted as well. */
const REMOVED_AGENT = 'agent-3';
/** The memory of this one is redacted as well, beside saves of machines that do not know of it, and never deleted. */
const REDACTED_AGENT = 'agent-4';

/** What was saved and removed. Execution ids are never used again, so a receipt that anybody deleted is gone everywhere. */
class Model {
  readonly receipts: Set<string> = new Set();
  readonly deleted: Set<string> = new Set();
  readonly redacted: Set<string> = new Set();
  readonly audits: Set<string> = new Set();
  /** Memories of the redacted agent that a machine had when it redacted them. */
  readonly redactedMemories: Set<string> = new Set();
  readonly versions: Map<string, Set<string>> = new Map(AGENTS.map((agent) => [agent, new Set<string>()]));
}

interface Machine {
  readonly database: Persistence;
  readonly synchroniser: Synchroniser;
}

async function step(
  machine: Machine,
  random: SeededRandom,
  model: Model,
  clock: { now: number },
  number: number,
): Promise<void> {
  const { database, synchroniser } = machine;
  // Seconds stand still now and then, and clocks of machines differ.
  clock.now += random.below(3) * 1000;
  const agentId = AGENTS[random.below(AGENTS.length)] ?? '';
  switch (random.below(10)) {
    case 0:
    case 1: {
      const saved = await database.saveReceipt({
        executionId: `execution ${number}`,
        agentId,
        agentType: 't',
        receipt: { number, text: 'é"\u0000' },
      });
      model.receipts.add(saved.receiptId);
      return;
    }
    case 2: {
      const { auditId } = await database.logAudit({
        agentId,
        operation: 'o',
        status: 'completed',
        details: `${number}`,
      });
      model.audits.add(auditId);
      return;
    }
    case 3:
    case 4:
    case 5: {
      await database.saveMemory({ agentId, agentType: 't', memory: { number } });
      model.versions.get(agentId)?.add(JSON.stringify({ number }));
      return;
    }
    case 6: {
      const rows = await database.queryReceipts({ limit: 100 });
      const row = rows[random.below(rows.length)];
      if (row === undefined) return;
      const { receiptId } = row;
      const isDeletion = random.chance(1 / 2);
      if (isDeletion) await database.deleteRecord({ receiptId, reason: 'r' });
      else await database.redactRecord({ receiptId, reason: 'r' });
      (isDeletion ? model.deleted : model.redacted).add(receiptId);
      return;
    }
    case 7: {
      if (random.chance(1 / 2)) {
        const rows = (await versionsOf(machine)).get(REDACTED_AGENT) ?? [];
        if (rows.length === 0) return;
        for (const { memoryJson } of rows) model.redactedMemories.add(memoryJson);
        await database.redactRecord({ agentId: REDACTED_AGENT, reason: 'r' });
        return;
      }
      const isHere = (await database.countMemory({ agent: REMOVED_AGENT })) > 0;
      if (!isHere) return;
      if (random.chance(1 / 3)) await database.redactRecord({ agentId: REMOVED_AGENT, reason: 'r' });
      else await database.deleteRecord({ agentId: REMOVED_AGENT, reason: 'r' });
      return;
    }
    default:
      await synchroniser.synchronise().catch(onlyLost);
  }
}

function onlyLost(error: unknown): void {
  if (!(error instanceof SyncError && error.code === 'SYNC_UNREACHABLE')) throw error;
}

/** Everything that users see, in an order of its own. */
async function contentOf({ database }: Machine): Promise<Record<string, unknown[]>> {
  const inOrder = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();
  return {
    receipts: inOrder(await database.queryReceipts({ limit: 10_000 })),
    memories: inOrder(await database.queryMemory()),
    audits: inOrder(await database.queryAuditTrail({ days: 100_000, limit: 10_000 })),
  };
}

/** Versions of each agent's memory that the change log of a database has, by their texts. */
async function versionsOf({ database }: Pick<Machine, 'database'>): Promise<Map<string, MemoryRow[]>> {
  const versions = new Map<string, MemoryRow[]>(AGENTS.map((agent) => [agent, []]));
  for await (const { data } of database.changes({ rows: true })) {
    const { row } = data;
    if (row && 'memoryJson' in row) versions.get(row.agentId)?.push(row);
  }
  return versions;
}

/** Synchronises until nothing moves any more. */
async function settle(machines: readonly Machine[]): Promise<void> {
  for (let round = 0; round < 20; round++) {
    let moved = 0;
    for (const { synchroniser } of machines) {
      const { pushed, pulled } = await synchroniser.synchronise();
      moved += pushed.entries + pulled.changes;
    }
    if (moved === 0) return;
  }
  throw new Error('it does not come to rest');
}

/** Where the machines of a history synchronise. */
export interface Place {
  /** Makes the target of a machine, whose calls fail now and then. */
  unreliable(random: SeededRandom): SyncTarget;
  /** A target whose calls succeed, with which the history ends. */
  reliable(): SyncTarget;
  close(): Promise<void>;
}

/** Runs a history, and compares the databases with each other and with the model. */
export async function runHistory(
  seed: number,
  open: (random: SeededRandom) => Promise<Place>,
): Promise<void> {
  const random = new SeededRandom(seed);
  const place = await open(random);
  const model = new Model();
  const clock = { now: Date.UTC(2026, 0, 1) };
  const databases: Persistence[] = [];
  for (const skewMs of [0, 3_600_000, -60_000]) {
    databases.push(await openPersistence({ storage: 'memory', clock: () => new Date(clock.now + skewMs) }));
  }
  const machinesWith = (target: () => SyncTarget): Machine[] =>
    databases.map((database) => ({ database, synchroniser: new Synchroniser(database, target()) }));
  try {
    const machines = machinesWith(() => place.unreliable(random));
    for (let number = 0; number < STEPS; number++) {
      const machine = machines[random.below(machines.length)];
      if (machine !== undefined) await step(machine, random, model, clock, number);
    }
    const reliable = machinesWith(() => place.reliable());
    await settle(reliable);
    await compare(reliable, model);
  } finally {
    for (const database of databases) await database.close();
    await place.close();
  }
}

async function compare(machines: readonly Machine[], model: Model): Promise<void> {
  const contents = await Promise.all(machines.map(contentOf));
  for (const content of contents) expect(content).toEqual(contents[0]);
  const [first] = machines;
  if (first === undefined) return;
  const receipts = await first.database.queryReceipts({ limit: 10_000 });
  expect(receipts.map(({ receiptId }) => receiptId).toSorted()).toEqual(
    [...model.receipts].filter((id) => !model.deleted.has(id)).toSorted(),
  );
  for (const { receiptId, receiptJson } of receipts) {
    expect([receiptId, parseRedacted(receiptJson) !== undefined]).toEqual([
      receiptId,
      model.redacted.has(receiptId),
    ]);
  }
  const audits = await first.database.queryAuditTrail({ days: 100_000, limit: 10_000 });
  const own = audits.filter(({ operation }) => operation !== 'memory_conflict').map(({ auditId }) => auditId);
  expect(own.toSorted()).toEqual([...model.audits].toSorted());
  for (const machine of machines) {
    const versions = await versionsOf(machine);
    const kept = (versions.get(REDACTED_AGENT) ?? [])
      .map(({ memoryJson }) => memoryJson)
      .filter((memory) => parseRedacted(memory) === undefined);
    expect(new Set(kept)).toEqual(
      new Set(
        [...(model.versions.get(REDACTED_AGENT) ?? [])].filter(
          (memory) => !model.redactedMemories.has(memory),
        ),
      ),
    );
    for (const agent of AGENTS.filter((each) => each !== REMOVED_AGENT && each !== REDACTED_AGENT)) {
      const rows = versions.get(agent) ?? [];
      expect(new Set(rows.map(({ memoryJson }) => memoryJson))).toEqual(model.versions.get(agent));
      const greatest = rows.map(rankOf).toSorted().at(-1);
      const current = (await machine.database.queryMemory({ agent }))[0];
      expect(current === undefined ? undefined : rankOf(current)).toEqual(greatest);
    }
    expect((await machine.database.verify()).problems).toEqual([]);
  }
}

/** Number and time of a version, comparable as a text. */
function rankOf({ version, lastUpdated }: MemoryRow): string {
  return `${String(version).padStart(9, '0')} ${lastUpdated}`;
}

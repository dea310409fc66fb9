import { type Persistence, openPersistence } from '@ggen-sim/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentMemory, AGENTS, runAgent, UnrecordedRun } from '../src/index.ts';
import { turtle } from './documents.ts';

const GOOD = turtle('ex:S sh:targetClass ex:C ; sh:nodeKind sh:IRI . ex:x a ex:C .', 'good.ttl');
const BAD = turtle('ex:S sh:targetClass ex:C ; sh:nodeKind sh:Literal . ex:x a ex:C .', 'bad.ttl');
const BROKEN = { name: 'broken.ttl', content: 'oops' };
const EMPTY = turtle('', 'empty.ttl');

let db: Persistence;
beforeEach(async () => {
  db = await openPersistence({ storage: 'memory' });
});
afterEach(async () => {
  await db.close();
});

async function memoryOf(agentId: string): Promise<AgentMemory> {
  return JSON.parse(await db.getMemory(agentId)) as AgentMemory;
}

describe('a run', () => {
  it.each([
    ['that finds no violations', GOOD, 'success', 'completed'],
    ['that finds violations', BAD, 'error', 'completed'],
    ['with nothing to validate against', EMPTY, 'partial', 'completed'],
    ['that fails', BROKEN, 'error', 'failed'],
  ] as const)('%s leaves a receipt, two audit entries and memory', async (_what, spec, status, ending) => {
    const run = await runAgent(AGENTS.validation, db, { spec: [spec] }, { executionId: 'exec-1' });
    expect(run).toMatchObject({ status, agentId: 'validator-1', executionId: 'exec-1' });

    const [row, ...others] = await db.queryReceipts();
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      receiptId: run.receiptId,
      executionId: 'exec-1',
      agentId: 'validator-1',
      agentType: 'validation',
      status,
      durationMs: Math.round(run.receipt.durations_ms.total),
    });
    expect(JSON.parse(await db.getReceipt(run.receiptId ?? ''))).toEqual(run.receipt);

    const [ended, started, ...rest] = await db.queryAuditTrail();
    expect(rest).toEqual([]);
    expect(started).toMatchObject({
      operation: 'validate_ontology',
      operationType: 'validation',
      status: 'started',
      details: `spec ${spec.name}`,
    });
    expect(ended).toMatchObject({
      operation: 'validate_ontology',
      operationType: 'validation',
      status: ending,
    });
    expect(ended?.durationMs).toBe(row?.durationMs);
    expect(ended?.errorMessage).toBe(ending === 'failed' ? run.message : null);

    expect(await memoryOf('validator-1')).toMatchObject({
      runs: 1,
      runs_by_status: { success: 0, error: 0, partial: 0, [status]: 1 },
      last_run: { execution_id: 'exec-1', status, determinism_hash: run.receipt.determinism_hash },
    });
  });

  it('gets a unique execution id by default', async () => {
    const ids = [
      await runAgent(AGENTS.validation, db, { spec: [GOOD] }),
      await runAgent(AGENTS.validation, db, { spec: [GOOD] }),
    ].map(({ executionId }) => executionId);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(ids[1]).not.toBe(ids[0]);
  });

  it('is recorded completely or not at all', async () => {
    await runAgent(AGENTS.validation, db, { spec: [GOOD] }, { executionId: 'exec-1' });
    const again = runAgent(AGENTS.validation, db, { spec: [BAD] }, { executionId: 'exec-1' });
    // What the agent found is not lost.
    await expect(again).rejects.toBeInstanceOf(UnrecordedRun);
    await expect(again).rejects.toMatchObject({
      code: 'NOT_RECORDED',
      cause: { code: 'DUPLICATE_EXECUTION' },
      run: { receiptId: null, status: 'error', receipt: { conforms: false, violations: [{}] } },
    });
    expect(await db.queryAuditTrail()).toHaveLength(2);
    expect((await memoryOf('validator-1')).runs).toBe(1);
    // The failure does not block the agent's next run.
    await runAgent(AGENTS.validation, db, { spec: [BAD] }, { executionId: 'exec-2' });
    expect((await memoryOf('validator-1')).runs).toBe(2);
  });

  it('that is aborted leaves a receipt with ABORTED', async () => {
    const run = await runAgent(AGENTS.validation, db, { spec: [GOOD] }, { signal: AbortSignal.abort() });
    expect(run.error?.code).toBe('ABORTED');
    expect(await db.queryReceipts()).toMatchObject([{ status: 'error', receiptId: run.receiptId }]);
    expect(await db.queryAuditTrail()).toMatchObject([{ status: 'failed' }, { status: 'started' }]);
  });
});

describe('memory', () => {
  it('counts runs and keeps the last ten', async () => {
    for (const spec of [GOOD, BAD, EMPTY, ...Array.from({ length: 9 }, () => GOOD)]) {
      await runAgent(AGENTS.validation, db, { spec: [spec] });
    }
    const memory = await memoryOf('validator-1');
    expect(memory.runs).toBe(12);
    expect(memory.runs_by_status).toEqual({ success: 10, error: 1, partial: 1 });
    expect(memory.recent_runs).toHaveLength(10);
    expect(memory.recent_runs[0]).toEqual(memory.last_run);
    expect(memory.recent_runs.at(-1)?.status).toBe('partial');
  });

  it('counts simultaneous runs of one agent and of several', async () => {
    const agents = ['a', 'b', 'a', 'b', 'a', 'a'];
    await Promise.all(
      agents.map((agentId) => runAgent(AGENTS.validation, db, { spec: [GOOD] }, { agentId })),
    );
    expect([(await memoryOf('a')).runs, (await memoryOf('b')).runs]).toEqual([4, 2]);
    expect(await db.queryReceipts()).toHaveLength(6);
    expect(await db.queryAuditTrail()).toHaveLength(12);
  });

  it.each([
    ['{"note":"keep me","runs":-3,"recent_runs":"x"}', { note: 'keep me', runs: 1 }],
    ['[1,2]', { runs: 1 }],
    ['"text"', { runs: 1 }],
    ['null', { runs: 1 }],
  ])('is extended or replaced when another program wrote it: %s', async (stored, expected) => {
    await db.saveMemory({ agentId: 'validator-1', agentType: 'validation', memory: stored });
    await runAgent(AGENTS.validation, db, { spec: [GOOD] });
    const memory = await memoryOf('validator-1');
    expect(memory).toMatchObject(expected);
    expect(memory.recent_runs).toHaveLength(1);
  });
});

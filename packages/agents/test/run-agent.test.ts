import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it } from 'vitest';
import { type Agent, AGENTS, type InputFile, determinismHash, runAgent } from '../src/index.ts';

/** Agent with the least that an agent needs: it counts the lines of its documents. */
const lineCounter: Agent<{ readonly text: readonly InputFile[] }> = {
  type: 'line-counter',
  operation: 'count_lines',
  defaultAgentId: 'counter-1',
  parameters: { text: { isRequired: true, description: 'text to count' } },
  help: {
    summary: 'Count lines',
    notes: '',
    examples: ['--text a.txt'],
    endings: { ok: 'counted', problems: 'no lines', incomplete: 'not all', failed: 'failed' },
  },
  async execute({ text }) {
    const lines = text.reduce((sum, { content }) => sum + String(content).split('\n').length, 0);
    const inputs = text.map(({ name }) => ({ role: 'text', name }));
    const findings = { status: 'success' as const, message: `${lines} lines`, inputs };
    return {
      findings,
      determinismHash: determinismHash(findings),
      omitted: [],
      durationsMs: { total: 1 },
      error: null,
    };
  },
  explain: async ({ message }) => [message],
};

describe('runAgent', () => {
  it('records a run of any agent', async () => {
    await using db = await openPersistence({ storage: 'memory' });
    const run = await runAgent(lineCounter, db, { text: [{ name: 'a.txt', content: '1\n2' }] });
    expect(run).toMatchObject({ agentId: 'counter-1', status: 'success', message: '2 lines', error: null });
    expect(JSON.parse(await db.getReceipt(run.receiptId ?? ''))).toEqual(run.receipt);
    expect(run.receipt).toMatchObject({ agent_type: 'line-counter', durations_ms: { total: 1 } });
    expect(await db.queryAuditTrail()).toMatchObject([
      { operation: 'count_lines', status: 'completed' },
      { operation: 'count_lines', status: 'started', details: 'text a.txt' },
    ]);
  });
});

it.each(Object.entries(AGENTS))('the agent %s is listed under its type', (name, { type }) => {
  expect(type).toBe(name);
});

import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it } from 'vitest';
import { type Agent, AGENTS, type InputFile, determinismHash, runAgent } from '../src/index.ts';
import { turtle } from './documents.ts';

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

  // Each text would be cut between the surrogates of an emoji, or holds half of one.
  it.each([
    ['the excerpt of a long line, cut at its start', turtle(`ex:a ex:p "${'😀'.repeat(60)}a" %% .`)],
    ['the excerpt of a long line, cut at its end', turtle(`ex:a %% ex:p "a${'😀'.repeat(80)}" .`)],
    ['an unknown token', turtle(`ex:a ex:p %${'😀'.repeat(30)} .`)],
    ['a parameter', turtle(`ex:S sh:targetNode ex:n ; sh:minLength "${'a'.repeat(78)}😀b" .`)],
    ['the name of a document', { name: 'a\uD800', content: '' }],
    ['the name of a document with a syntax error', { name: 'a\uD800.ttl', content: '%%' }],
  ])('leaves a receipt that shows %s', async (_what, document) => {
    await using db = await openPersistence({ storage: 'memory' });
    const { receiptId, error } = await runAgent(AGENTS['validation'], db, { spec: [document] });
    expect(error?.code).toMatch(/^(SYNTAX_ERROR|INVALID_SHAPES|UNKNOWN_FORMAT)$/);
    const receipt = await db.getReceipt(receiptId ?? '');
    expect(receipt).not.toMatch(/\\ud[89a-f]/i);
    expect(JSON.parse(receipt)).toMatchObject({ status: 'error', error: { code: error?.code } });
  });
});

it.each(Object.entries(AGENTS))('the agent %s is listed under its type', (name, { type }) => {
  expect(type).toBe(name);
});

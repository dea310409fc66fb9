import { stripVTControlCharacters } from 'node:util';
import type { Persistence } from '@ggen-sim/core';
import { describe, expect, it } from 'vitest';
import { nativeSqlite } from '../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';
import { persistenceFrom, persistenceMatchers, type ExpectedReceipt } from '../src/vitest.ts';

expect.extend(persistenceMatchers);

const agent = { agentId: 'validator-1', agentType: 'validation' };

function threeRuns(): Promise<Persistence> {
  return persistenceFrom({
    receipts: [
      { ...agent, executionId: 'exec-1', receipt: { violations: 0, stages: [{ name: 'parse', ms: 3 }] } },
      { ...agent, executionId: 'exec-2', receipt: { violations: 2 }, status: 'error', durationMs: 40 },
      { agentId: 'planner', agentType: 'plan', executionId: 'exec-3', receipt: [1, 2] },
    ],
    memories: [{ ...agent, memory: { runs: 2, last: { id: 'exec-2' } } }],
    audits: [
      { agentId: 'validator-1', operation: 'validate', status: 'failed', errorMessage: 'two violations' },
    ],
  });
}

/** Returns what a failed expectation says. */
async function failureOf(assertion: Promise<void>): Promise<string> {
  const error = await assertion.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('the expectation has passed');
  return stripVTControlCharacters(error.message);
}

describe('a row', () => {
  it('is found by any of its fields, by part of its JSON, and by asymmetric matchers', async () => {
    const db = await threeRuns();
    await expect(db).toHaveReceipt({});
    await expect(db).toHaveReceipt({ ...agent, status: 'error', durationMs: 40, receipt: { violations: 2 } });
    await expect(db).toHaveReceipt({ receipt: { stages: [{ name: 'parse' }] } });
    await expect(db).toHaveReceipt({
      receiptId: expect.stringMatching(/^[0-9a-f]{64}$/),
      receipt: { violations: expect.any(Number), stages: expect.arrayContaining([expect.anything()]) },
    });
    await expect(db).toHaveReceipt({ receiptJson: '[1,2]', receipt: [1, 2] });
    await expect(db).toHaveMemory({ agentId: 'validator-1', version: 1, memory: { last: { id: 'exec-2' } } });
    await expect(db).toHaveAudited({ operation: 'validate', errorMessage: expect.stringContaining('two') });
    await expect(db).toHaveAudited({ details: null });
    await expect(db).not.toHaveReceipt({ executionId: expect.not.stringContaining('exec') });
  });

  it.each<ExpectedReceipt>([
    { agentId: 'validator-1', executionId: 'exec-3' },
    { executionId: 'exec-2', receipt: { violations: '2' } },
    { receipt: { stages: [] } },
    { receipt: { stages: { 0: { name: 'parse' } } } },
    { receipt: [1] },
    { receipt: [] },
    { receipt: { constructor: Object } },
    { receipt: new Map([['violations', 7]]) },
    { receipt: { stages: new Set() } },
    { receipt: /violations/ },
    { receipt: new Date() },
    { createdAt: '2026-01-31 12:00:00' },
  ])('with %o is not found where no row has all of it', async (expected) => {
    const db = await threeRuns();
    await expect(db).not.toHaveReceipt(expected);
    await failureOf(expect(db).toHaveReceipt(expected));
  });

  it('of many years ago is found, in a file of another program, also where its JSON is none', async () => {
    const file = `${temporaryFolder()}/old.db`;
    const written = await persistenceFrom();
    await written.logAudit({ agentId: 'a', operation: 'archive', status: 'completed' });
    await written.saveReceipt({ ...agent, executionId: 'e', receipt: '{}' });
    const db = await persistenceFrom(await written.exportImage());
    await expect(db).toHaveAudited({ operation: 'archive' });
    nativeSqlite(file, `.restore '${(await db.info()).path}'`);
    nativeSqlite(
      file,
      "UPDATE audit_log SET timestamp = '1999-12-31 00:00:00'; UPDATE receipts SET receipt_json = 'no json'",
    );
    const old = await persistenceFrom(file);
    await expect(old).toHaveAudited({ operation: 'archive', timestamp: '1999-12-31 00:00:00' });
    await expect(old).toHaveReceipt({ receiptJson: 'no json', receipt: undefined });
  });
});

describe('a failure', () => {
  it('shows the nearest rows, and what differs', async () => {
    const db = await threeRuns();
    const message = await failureOf(
      expect(db).toHaveReceipt({
        agentId: 'validator-1',
        status: 'error',
        receipt: { violations: expect.any(String) },
      }),
    );
    expect(message).toContain('Stored: 3 receipts, nearest first:');
    const [, nearest, second, third] = message.split(/^ {2}executionId /m);
    expect(nearest).toMatch(/^"exec-2", agentId "validator-1", status "error", createdAt "2/);
    expect(nearest?.trim().split('\n').slice(1)).toEqual([
      '    receipt.violations: expected Any<String>, received 2',
    ]);
    expect(second).toMatch(/^"exec-1"/);
    expect(second).toContain('status: expected "error", received "success"');
    expect(third).toMatch(/^"exec-3"/);
  });

  it('says how much there is when nothing is stored, and which rows match with not', async () => {
    const empty = await persistenceFrom();
    expect(await failureOf(expect(empty).toHaveMemory({ agentId: 'a' }))).toMatch(
      /Expected a memory with: .*"agentId": "a".*\nStored: 0 memories$/s,
    );
    const db = await threeRuns();
    const message = await failureOf(expect(db).not.toHaveReceipt(agent));
    expect(message).toContain('Expected no receipt with');
    expect(message).toContain('Matching: 2 of 3 receipts');
    expect(message).not.toContain('exec-3');
    expect(await failureOf(expect(db).not.toHaveAudited({}))).toContain('Matching: 1 of 1 audit entry');
  });

  it('names a field that no row has, also with not, and what is no database', async () => {
    const db = await threeRuns();
    const misspelt = { agentID: 'validator-1' } as ExpectedReceipt;
    expect(await failureOf(expect(db).not.toHaveReceipt(misspelt))).toMatch(
      /has a field agentID; it has rec/,
    );
    expect(await failureOf(expect({}).toHaveAudited({}))).toMatch(/needs a Persistence/);
    for (const nothing of [undefined, null, [], 'exec-1', 7])
      expect(await failureOf(expect(db).not.toHaveReceipt(nothing as unknown as ExpectedReceipt))).toMatch(
        /must be an object with fields/,
      );
  });
});

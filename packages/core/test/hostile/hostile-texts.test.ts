/** Texts that break careless programs are stored and returned unchanged by every field of every operation. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Persistence } from '../../src/index.ts';
import { hostileTexts } from '../../src/testing/hostile-texts.ts';
import { rejectionOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

const texts = Object.entries(hostileTexts);
const MEGABYTE = 1_000_000;

/** Makes one row of each table, with the text in every field that takes one. */
async function saveEverywhere(db: Persistence, text: string): Promise<string> {
  const recorded = await db.record({
    receipts: [
      { executionId: text, agentId: text, agentType: text, receipt: JSON.stringify({ [text]: text }) },
    ],
    memories: [{ agentId: text, agentType: text, memory: JSON.stringify(text) }],
    audits: [
      {
        agentId: text,
        operation: text,
        status: 'completed',
        operationType: text,
        details: text,
        errorMessage: text,
      },
    ],
  });
  return recorded.receipts[0]?.receiptId ?? '';
}

/** Compares texts without printing a megabyte. */
function same(actual: unknown, text: string): void {
  expect(typeof actual === 'string' ? actual.slice(0, 200) : actual).toBe(text.slice(0, 200));
  expect(actual === text).toBe(true);
}

async function foundEverywhere(db: Persistence, text: string, receiptId: string): Promise<void> {
  same(await db.getReceipt(receiptId), JSON.stringify({ [text]: text }));
  same(await db.getMemory(text), JSON.stringify(text));
  const receipts = (await db.queryReceipts({ limit: 1000 })).filter((row) => row.receiptId === receiptId);
  expect(receipts.length).toBe(1);
  for (const field of ['executionId', 'agentId', 'agentType'] as const) same(receipts[0]?.[field], text);
  const memories = (await db.queryMemory()).filter(({ agentId }) => agentId === text);
  expect(memories.length).toBe(1);
  same(memories[0]?.agentType, text);
  const audits = (await db.queryAuditTrail()).filter(({ operation }) => operation === text);
  expect(audits.length).toBe(1);
  for (const field of ['agentId', 'operationType', 'details', 'errorMessage'] as const)
    same(audits[0]?.[field], text);
}

describe('every text in every field', () => {
  it('comes from a large list', () => {
    expect(texts.length).toBeGreaterThanOrEqual(28);
    expect(hostileTexts['a megabyte']?.length).toBeGreaterThan(MEGABYTE * 0.75);
  });

  it.for(texts)('%s', async ([, text]) => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const receiptId = await saveEverywhere(db, text);
    await foundEverywhere(db, text, receiptId);
    expect(
      (await rejectionOf(db.saveReceipt({ executionId: text, agentId: 'a', agentType: 't', receipt: '1' })))
        .message,
    ).toMatch(/^The execution id "/);
    expect((await db.analytics()).agentMetrics.map(({ agentId }) => agentId === text)).toEqual([true]);
    expect(await db.verify()).toMatchObject({ ok: true, receiptsVerified: 1 });
    await db.close();
    const again = await fixture.open();
    await foundEverywhere(again, text, receiptId);
  });
});

describe('all texts together', () => {
  it('survive backup and restore, from the image and from JSON', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const ids = new Map<string, string>();
    for (const [, text] of texts) ids.set(text, await saveEverywhere(db, text));
    await db.exportBackup({ directory: fixture.path('backup') });
    for (const from of ['json', 'image'] as const) {
      await db.restoreBackup({ directory: fixture.path('backup'), from, force: true });
      for (const [text, receiptId] of ids) await foundEverywhere(db, text, receiptId);
      expect(await db.verify()).toMatchObject({ ok: true, receiptsVerified: texts.length });
    }
  });

  it('survive the export in each format that keeps them', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    for (const [, text] of texts) await saveEverywhere(db, text);
    const expected = texts.map(([, text]) => text).toReversed();
    const fields = ['agent_id', 'operation', 'operation_type', 'details', 'error_message'];
    for (const format of ['json', 'ndjson'] as const) {
      const output = fixture.path(`audit.${format}`);
      await db.exportAuditTrail({ output, format });
      const text = fs.readFileSync(output, 'utf8');
      const rows = (
        format === 'json'
          ? JSON.parse(text)
          : text
              .trimEnd()
              .split('\n')
              .map((line) => JSON.parse(line) as unknown)
      ) as Record<string, string>[];
      for (const field of fields)
        expect(rows.map((row) => row[field]).join('\0') === expected.join('\0')).toBe(true);
    }
    await db.exportAuditTrail({ output: fixture.path('audit.csv'), format: 'csv' });
    expect(fs.readFileSync(fixture.path('audit.csv'), 'utf8').startsWith('audit_id,')).toBe(true);
  });

  it('find only themselves as ids', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    for (const [, text] of texts) {
      await db.saveMemory({ agentId: text, agentType: 't', memory: JSON.stringify(text) });
    }
    for (const [, text] of texts) same(await db.getMemory(text), JSON.stringify(text));
    expect((await db.stats()).agentsTracked).toBe(texts.length);
    expect((await rejectionOf(db.getMemory('before'))).message).toMatch(/no memory of agent "before"/);
    expect((await rejectionOf(db.getReceipt("' OR '1'='1"))).message).toMatch(/no receipt/);
  });

  it('are not run as SQL when used as patterns; one too long for LIKE is refused as an argument', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    for (const [, text] of texts) await saveEverywhere(db, text);
    const tooLong = hostileTexts['a megabyte'] ?? '';
    for (const query of [
      () => db.queryReceipts({ agent: tooLong }),
      () => db.analytics({ agent: tooLong }),
    ]) {
      const error = await rejectionOf(query());
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(error.message).toMatch(/^Invalid agent/);
    }
    for (const [, text] of texts.filter(([, candidate]) => candidate !== tooLong)) {
      await db.queryReceipts({ agent: text, limit: 1000 });
      await db.queryAuditTrail({ agent: text });
      await db.queryMemory({ agent: text });
      // In a pattern, two backslashes are one.
      const agent = text.replaceAll('\\', String.raw`\\`);
      const found = await db.queryReceipts({ agent, limit: 1000 });
      expect(found.some(({ agentId }) => agentId === text)).toBe(true);
    }
    expect((await db.stats()).receiptsTotal).toBe(texts.length);
  });
});

describe('lone surrogates, which have no UTF-8 form', () => {
  it.for(['\uD800', 'a\uDFFFb', '\uDE00\uD83D'])('%j', async (text) => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const receipt = { executionId: 'e', agentId: 'a', agentType: 't', receipt: '{}' };
    const audit = { agentId: 'a', operation: 'o', status: 'completed' } as const;
    const refused = [
      ...(['executionId', 'agentId', 'agentType', 'receipt'] as const).map(
        (field) => () => db.saveReceipt({ ...receipt, [field]: text }),
      ),
      ...(['agentId', 'agentType', 'memory'] as const).map(
        (field) => () => db.saveMemory({ agentId: 'a', agentType: 't', memory: '{}', [field]: text }),
      ),
      ...(['agentId', 'operation', 'operationType', 'details', 'errorMessage'] as const).map(
        (field) => () => db.logAudit({ ...audit, [field]: text }),
      ),
      () => db.queryReceipts({ agent: text }),
      () => db.getMemory(text),
      () => db.getReceipt(text),
    ];
    for (const call of refused) expect(await rejectionOf(call())).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const inValue = db.saveReceipt({ ...receipt, receipt: { key: text } });
    expect(await rejectionOf(inValue)).toMatchObject({ code: 'INVALID_JSON' });
    // An escaped surrogate is ordinary text and is kept.
    const { receiptId } = await db.saveReceipt({ ...receipt, receipt: '"\\uD800"' });
    expect(await db.getReceipt(receiptId)).toBe('"\\uD800"');
    expect((await db.stats()).receiptsTotal).toBe(1);
  });
});

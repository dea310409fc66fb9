/** The addresses of the page's views, and the queries that they mean. */
import { openPersistence } from '@ggen-sim/core';
import { hostileTexts } from '@ggen-sim/core/testing';
import { expect, it } from 'vitest';
import { addressOf, FILTER_NAMES, hashOf, VIEWS, type Address } from '../src/address/address.ts';
import { auditFiltersOf, exactAgent, receiptFiltersOf } from '../src/tables/row-filters.ts';

const HOSTILE = [
  'a/b?c=d&e#f',
  '100%',
  '%',
  '+ +',
  ' ',
  'é',
  '名前',
  '\u{202E}x',
  '"><script>',
  '#/memory/x',
];

it.each(HOSTILE)('every part of an address comes back as it was: %j', (text) => {
  for (const view of VIEWS) {
    const filters = Object.fromEntries(FILTER_NAMES.map((name) => [name, text]));
    const address: Address = {
      view,
      record: text,
      compare: text,
      version: text,
      filters,
      order: text,
      sql: text,
      limit: text,
      timeout: text,
      show: text,
      session: text,
    };
    expect(addressOf(hashOf(address))).toEqual(address);
    expect(addressOf(`#${new URL(hashOf(address), 'https://example.org/').hash.slice(1)}`)).toEqual(address);
  }
});

it('an unknown or cut-off address shows a view', () => {
  for (const hash of ['', '#', '#/', '#/nowhere/x', '#session-1', '#/receipts/%E0%A4%A?agent=%', '#//?&&=']) {
    expect(VIEWS).toContain(addressOf(hash).view);
  }
  expect(addressOf('#/nowhere/x').record).toBeUndefined();
});

it('an address names its session last, for those who read it', () => {
  const address = { ...addressOf('#/audit?agent=a'), session: 'session-1' };
  expect(hashOf(address)).toBe('#/audit?agent=a&session=session-1');
});

/** Longer ids are no links: a pattern has at most 50,000 bytes. */
const isShort = (text: string): boolean => text.length < 1000;

it('a link to an agent finds that agent alone; an outcome finds what tables call so', async () => {
  const persistence = await openPersistence({ storage: 'memory' });
  const agents = ['a_b', 'axb', 'a%', String.raw`a\_b`, 'a*', ...Object.values(hostileTexts).filter(isShort)];
  await persistence.saveReceipts(
    [...new Set(agents)].map((agentId, index) => ({
      executionId: `exec-${index}`,
      agentId,
      agentType: 'validation',
      receipt: {},
    })),
  );
  for (const agentId of agents) {
    const rows = await persistence.queryReceipts({ agent: exactAgent(agentId) });
    expect(rows.map((row) => row.agentId)).toEqual([agentId]);
  }
  const json = { none: {}, violations: { error: null, conforms: false }, failed: { error: { code: 'X' } } };
  for (const [executionId, receipt] of Object.entries(json)) {
    await persistence.saveReceipt({ executionId, agentId: 'x', agentType: 'y', receipt, status: 'error' });
  }
  const found = async (status: string): Promise<string[]> =>
    (await persistence.queryReceipts(receiptFiltersOf({ status }))).map(({ executionId }) => executionId);
  expect(await found('violations')).toEqual(['violations']);
  expect(await found('failed')).toEqual(['failed']);
  expect(await found('error')).toEqual(['failed', 'violations', 'none']);
  expect(await persistence.countReceipts(receiptFiltersOf({ execution: 'exec-' }))).toBe(
    new Set(agents).size,
  );
  await persistence.logAudit({ agentId: 'x', operation: 'validate', status: 'failed' });
  expect(await persistence.countAuditTrail(auditFiltersOf({ operation: 'val', status: 'failed' }))).toBe(1);
  await persistence.close();
});

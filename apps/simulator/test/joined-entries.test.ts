/** The beginning and the end of an operation as one row, in the order of a query. */
import { openPersistence, type AuditRow, type NewAuditEntry, type Persistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { readAudit } from '../src/record-dialog/stored-record.ts';
import { durationOf, joinEntries } from '../src/tables/joined-entries.ts';
import type { Order } from '../src/tables/row-order.ts';

/** Entries as `status details`, of one agent and one operation unless they say otherwise. */
async function trail(...entries: readonly (string | NewAuditEntry)[]): Promise<Persistence> {
  const persistence = await openPersistence({ storage: 'memory' });
  await persistence.record({
    audits: entries.map((entry) => {
      if (typeof entry !== 'string') return entry;
      const [status = '', details = ''] = entry.split(' ');
      return { agentId: 'a', operation: 'run', status: status as 'started', details };
    }),
  });
  return persistence;
}

const shown = ({ status, details }: AuditRow): string => `${status} ${details}`;

async function joined(persistence: Persistence, order: Order): Promise<string[]> {
  const rows = [];
  for await (const row of joinEntries(persistence.queryAuditTrail({ order }), order)) rows.push(row);
  return rows.map(({ entry, start }) => (start ? `${shown(start)} > ${shown(entry)}` : shown(entry)));
}

/** Pairs each entry has in its dialog, by the entries' texts. */
async function partners(persistence: Persistence): Promise<Record<string, string | undefined>> {
  const found: Record<string, string | undefined> = {};
  for await (const { auditId } of persistence.queryAuditTrail({ order: 'oldest-first' })) {
    const pair = await readAudit(persistence, auditId);
    if (pair) found[shown(pair.entry)] = pair.partner && shown(pair.partner);
  }
  return found;
}

it('joins what follows each other, and keeps what has no partner', async () => {
  const persistence = await trail(
    'started 1',
    'completed one',
    'retry x',
    'started 2',
    'failed two',
    'completed 3',
  );
  expect(await joined(persistence, 'newest-first')).toEqual([
    'completed 3',
    'started 2 > failed two',
    'retry x',
    'started 1 > completed one',
  ]);
  expect(await joined(persistence, 'oldest-first')).toEqual([
    'started 1 > completed one',
    'retry x',
    'started 2 > failed two',
    'completed 3',
  ]);
  expect(await joined(persistence, 'longest-first')).toHaveLength(6);
  expect(await partners(persistence)).toEqual({
    'started 1': 'completed one',
    'completed one': 'started 1',
    'retry x': undefined,
    'started 2': 'failed two',
    'failed two': 'started 2',
    'completed 3': undefined,
  });
});

it('tells operations at the same time apart by their details', async () => {
  const persistence = await trail('started 1', 'started 2', 'completed 1', 'completed 2');
  const pairs = ['started 1 > completed 1', 'started 2 > completed 2'];
  for (const order of ['newest-first', 'oldest-first'] as const) {
    expect((await joined(persistence, order)).toSorted()).toEqual(pairs);
  }
  expect(await partners(persistence)).toMatchObject({
    'completed 2': 'started 2',
    'completed 1': 'started 1',
  });
});

it('never joins entries of another agent, operation or type', async () => {
  const operation = { agentId: 'a', operation: 'run', operationType: 't' };
  const persistence = await trail(
    { ...operation, status: 'started' },
    { ...operation, agentId: 'b', status: 'failed' },
    { ...operation, operation: 'stop', status: 'failed' },
    { ...operation, operationType: 'u', status: 'failed' },
  );
  expect(await joined(persistence, 'newest-first')).toHaveLength(4);
  expect(await joined(persistence, 'oldest-first')).toHaveLength(4);
});

it('takes the stored duration, else the time between the two', () => {
  const entry = (status: string, timestamp: string, durationMs: number | null): AuditRow =>
    ({ status, timestamp, durationMs }) as AuditRow;
  const start = entry('started', '2026-01-01 00:00:00', 0);
  const end = '2026-01-01 00:00:07';
  expect(durationOf({ entry: entry('failed', end, 12), start })).toBe(12);
  expect(durationOf({ entry: entry('failed', end, 0), start })).toBe(7000);
  expect(durationOf({ entry: entry('failed', end, null), start })).toBe(7000);
  expect(durationOf({ entry: entry('failed', end, 0), start: undefined })).toBe(0);
  expect(durationOf({ entry: entry('failed', 'yesterday', 0), start })).toBe(0);
  expect(durationOf({ entry: start, start: undefined })).toBeNull();
});

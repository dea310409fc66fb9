/** Streams and pages of queries that take several batches, here and across a worker. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { Children } from '../../../../tests/support/child-process.ts';
import type { Persistence, ReceiptQuery, ReceiptRow, RowsWithCursor } from '../../src/index.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { DatabasePersistence } from '../../src/persistence/database-persistence.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { auditOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle([path.join(import.meta.dirname, '../children/serve-with-clock.ts')]);
});
afterAll(() => children.remove());

const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR_MS = 3_600_000;

/** A clock in memory that a worker can share, in milliseconds since 1970. */
class SharedClock {
  readonly shared: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  readonly #now: BigInt64Array = new BigInt64Array(this.shared);

  constructor() {
    this.set(NOW);
  }

  set(moment: number): void {
    Atomics.store(this.#now, 0, BigInt(moment));
  }

  readonly read = (): Date => new Date(Number(Atomics.load(this.#now, 0)));
}

type Open = (fixture: TestDatabase, clock?: SharedClock) => Promise<Persistence>;

const PLACES: readonly (readonly [string, Open])[] = [
  ['in process', (fixture, clock = new SharedClock()) => fixture.open({ clock: clock.read })],
  [
    'across a worker',
    (fixture, { shared } = new SharedClock()) => {
      const worker = new Worker(children.script('serve-with-clock'), { workerData: shared });
      fixture.atEnd(() => void worker.terminate());
      return fixture.open({ worker });
    },
  ],
];

/** Reads a stream, but not for ever. */
async function idsOf(rows: AsyncIterable<ReceiptRow>, most: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { executionId } of rows) {
    ids.push(executionId);
    if (ids.length > most) break;
  }
  return ids;
}

async function pagedIds(db: Persistence, query: ReceiptQuery, most: number): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null | undefined; after !== null && ids.length <= most;) {
    const page: RowsWithCursor<ReceiptRow> = await db
      .queryReceipts({ ...query, ...(after === undefined ? {} : { after }) })
      .withCursor();
    ids.push(...page.rows.map(({ executionId }) => executionId));
    after = page.nextCursor;
  }
  return ids;
}

describe.each(PLACES)('%s', (_place, open) => {
  it('an order by duration passes texts that are not UTF-8, and BLOBs of the same bytes', async () => {
    const fixture = createTestDatabase();
    const db = await open(fixture);
    await db.saveReceipts(upTo(1200).map((n) => receiptOf(`e-${n}`)));
    const durations = [
      "WHEN rowid <= 600 THEN CAST(x'80' AS TEXT)",
      "WHEN rowid <= 610 THEN x'80'",
      "WHEN rowid <= 620 THEN CAST(x'6180' AS TEXT)",
      "WHEN rowid <= 630 THEN '\ufffd'",
      'ELSE 7',
    ];
    fixture.native(`UPDATE receipts SET duration_ms = CASE ${durations.join(' ')} END`);
    const expected = fixture
      .native('SELECT execution_id FROM receipts ORDER BY duration_ms DESC, rowid DESC')
      .split('\n');
    for (const order of ['longest-first', 'shortest-first'] as const) {
      const all = order === 'longest-first' ? expected : expected.toReversed();
      const query = { order, limit: 5000 };
      expect(await idsOf(db.queryReceipts(query), 1200), order).toEqual(all);
      expect(await pagedIds(db, { order, limit: 150 }, 1200), order).toEqual(all);
    }
  });

  it('a slow reader of a stream or export loses no row of a period that is given as a span or in days', async () => {
    const fixture = createTestDatabase();
    const clock = new SharedClock();
    const db = await open(fixture, clock);
    clock.set(NOW - 1.5 * HOUR_MS);
    await db.saveReceipts(upTo(1200).map((n) => receiptOf(`e-${n}`)));
    await db.logAudits(upTo(1200).map((n) => auditOf(`o-${n}`)));
    const streams: readonly (() => AsyncIterable<object>)[] = [
      () => db.queryReceipts({ since: '2h', limit: 5000 }),
      () => db.queryReceipts({ since: '2h', order: 'shortest-first', limit: 5000 }),
      () => db.queryAuditTrail({ days: 1, limit: 5000 }),
    ];
    for (const stream of streams) {
      clock.set(NOW);
      let rows = 0;
      for await (const _row of stream()) if (++rows === 500) clock.set(NOW + 30 * HOUR_MS);
      expect(rows).toBe(1200);
    }
    clock.set(NOW);
    const output = new WritableStream({ write: () => clock.set(NOW + 30 * HOUR_MS) });
    const report = await db.exportRows({ table: 'receipts', format: 'ndjson', since: '2h', output });
    expect(report.rows).toBe(1200);
  });
});

it('a duration of 200 kB continues, and a cursor of other values is refused', async () => {
  const fixture = createTestDatabase();
  const db = await fixture.open();
  await db.saveReceipts(upTo(4).map((n) => receiptOf(`e-${n}`)));
  fixture.native(
    "UPDATE receipts SET duration_ms = CAST(zeroblob(200000) || x'80' AS TEXT) WHERE rowid = 1",
    "UPDATE receipts SET duration_ms = replace(hex(zeroblob(100000)), '0', 'ä') WHERE rowid = 2",
  );
  const ids = await pagedIds(db, { order: 'longest-first', limit: 1 }, 4);
  expect(ids.toSorted()).toEqual(['e-0', 'e-1', 'e-2', 'e-3']);
  for (const position of [
    '"sortKey":true,"rowid":1',
    '"sortKey":{"a":1},"rowid":1',
    '"sortKey":1,"rowid":1.5',
  ]) {
    const after = btoa(`{"order":"receipts longest-first",${position}}`);
    await expect(
      db.queryReceipts({ order: 'longest-first', after }).then((rows) => rows),
      position,
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
});

async function openInMemory(): Promise<{ db: DatabasePersistence; connection: SqliteConnection }> {
  const connection = new SqliteConnection(await openDatabase(memoryStorage()));
  const now = new Date(NOW);
  await migrate(connection, now, performance.now());
  const db = new DatabasePersistence(connection, DEFAULT_RETRY_POLICY, () => now, 'strict');
  onTestFinished(() => db.close());
  return { db, connection };
}

it.each([
  ['times of this program', '2026-03-01 10:00:00'],
  ['a time of another program', 1_772_359_200],
])('large rows end a batch early, and a stream at its limit: %s', async (_name, time) => {
  const { db, connection } = await openInMemory();
  await db.saveReceipts(upTo(24).map((n) => receiptOf(`e-${n}`, { durationMs: n % 4 })));
  connection.run('UPDATE receipts SET receipt_json = ?', [JSON.stringify('x'.repeat(1_000_000))]);
  connection.run('UPDATE receipts SET created_at = ? WHERE rowid = 1', [time]);
  for (const order of ['newest-first', 'oldest-first', 'longest-first', 'shortest-first'] as const) {
    const all = (await db.queryReceipts({ order })).map(({ executionId }) => executionId);
    expect(all, order).toHaveLength(24);
    const batch = await db.readRows('queryReceipts', { order }, 500, undefined);
    expect(batch.rows, order).toHaveLength(9);
    expect(batch.nextCursor, order).toMatchObject({ consumed: 9 });
    expect(await idsOf(db.queryReceipts({ order }), 24), order).toEqual(all);
    expect(await idsOf(db.queryReceipts({ order, limit: 20 }), 24), order).toEqual(all.slice(0, 20));
  }
});

it('a stream by duration sorts the table once and again, not for each batch, and sees what is saved', async () => {
  const { db, connection } = await openInMemory();
  await db.saveReceipts(upTo(4000).map((n) => receiptOf(`e-${n}`, { durationMs: 1000 + (n % 7) })));
  let sorts = 0;
  const all = connection.all.bind(connection);
  connection.all = (sql, ...others) => {
    if (sql.includes('ORDER BY duration_ms')) sorts++;
    return all(sql, ...others);
  };
  const ids = await idsOf(db.queryReceipts({ order: 'longest-first', limit: 9000 }), 4000);
  expect(new Set(ids).size).toBe(4000);
  // The first batch, then the rest of its duration, what is shorter and what has none.
  expect(sorts).toBe(4);
  const seen: string[] = [];
  for await (const { executionId } of db.queryReceipts({ order: 'longest-first', limit: 9000 })) {
    seen.push(executionId);
    if (seen.length === 1500) await db.saveReceipt(receiptOf('late', { durationMs: 5 }));
  }
  expect(seen).toEqual([...ids, 'late']);
});

/** Times that other programs stored: compared as moments, never deleted when they cannot be read, named by verify. */
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import type { AuditRow, Persistence } from '../../src/index.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { auditLogTable } from '../../src/tables/audit-log.ts';
import { readInOrder, type Cursor } from '../../src/tables/keyset-pagination.ts';
import { EVERY_AGENT } from '../../src/validation/like-pattern.ts';
import { foreignTimeCondition } from '../../src/schema/migrations/0004-time-forms.ts';
import { momentOf } from '../../src/validation/timestamps.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const iso = (moment: number): string => new Date(moment).toISOString();
const plain = (moment: number): string => iso(moment).slice(0, 19).replace('T', ' ');

/** Forms in which programs store one moment, as SQL literals. */
const FORMS: Readonly<Record<string, (moment: number) => string>> = {
  own: (moment) => `'${plain(moment)}'`,
  seconds: (moment) => String(moment / 1000),
  'seconds as text': (moment) => `'${moment / 1000}'`,
  milliseconds: (moment) => String(moment),
  'Julian day': (moment) => `${moment / DAY + 2_440_587.5}`,
  'T and Z': (moment) => `'${iso(moment)}'`,
  'T without an offset': (moment) => `'${iso(moment).slice(0, 19)}'`,
  microseconds: (moment) => `'${plain(moment)}.000000'`,
  'offset east': (moment) => `'${plain(moment + 9 * HOUR)}+09:00'`,
  'offset west': (moment) => `'${iso(moment - 11 * HOUR).slice(0, 19)}-1100'`,
};
const NAMES = Object.keys(FORMS);

/** "now" and 16 NUL bytes: as long as a time of this program, and the present time for SQLite. */
const BLOB_OF_NOW = `x'6e6f77${'00'.repeat(16)}'`;
const UNREADABLE = [
  "'yesterday'",
  "'2026-02-30 00:00:00'",
  "x'323032302d30312d3031'",
  "'now'",
  `CAST(${BLOB_OF_NOW} AS TEXT)`,
  BLOB_OF_NOW,
  '1e18',
  "''",
];

const open = (fixture: TestDatabase): Promise<Persistence> => fixture.open({ clock: () => new Date(NOW) });

function insert(fixture: TestDatabase, rows: readonly (readonly [id: string, time: string])[]): void {
  const values = (row: (id: string, time: string) => string): string =>
    rows.map(([id, time]) => `(${row(id, time)})`).join();
  fixture.native(
    `INSERT INTO audit_log (audit_id, agent_id, operation, status, timestamp) VALUES
       ${values((id, time) => `'${id}', 'a', 'o', 'completed', ${time}`)}`,
    `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, created_at) VALUES
       ${values((id, time) => `'${id}', '${id}', 'a', 't', '{}', 'success', ${time}`)}`,
  );
}

async function streamed(rows: AsyncIterable<AuditRow>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { auditId } of rows) {
    ids.push(auditId);
    if (ids.length > 5000) break;
  }
  return ids;
}

describe('times of other programs', () => {
  it('are deleted by age and counted by period, in every form', async () => {
    const fixture = createTestDatabase();
    const db = await open(fixture);
    await db.logAudit(auditOf('own'));
    insert(fixture, [
      ...NAMES.map((name) => [`hour ${name}`, FORMS[name]!(NOW - HOUR)] as const),
      ...NAMES.map((name) => [`week ${name}`, FORMS[name]!(NOW - 8 * DAY)] as const),
      ...NAMES.map((name) => [`old ${name}`, FORMS[name]!(NOW - 90 * DAY - MINUTE)] as const),
      ...NAMES.map((name) => [`kept ${name}`, FORMS[name]!(NOW - 90 * DAY)] as const),
      ...UNREADABLE.map((time, index) => [`unreadable ${index}`, time] as const),
    ]);
    const forms = NAMES.length;
    const trail = await db.queryAuditTrail({ days: 7 });
    expect(trail.length).toBe(forms + 1);
    expect(trail.slice(1).every(({ auditId }) => auditId.startsWith('hour '))).toBe(true);
    const { agentMetrics, receiptStatistics } = await db.analytics({ agent: 'a' });
    expect(agentMetrics).toMatchObject([{ agentId: 'a', totalOperations: forms }]);
    expect(receiptStatistics).toMatchObject([{ status: 'success', count: forms }]);
    expect((await db.stats()).lastReceipt).toBe(plain(NOW - HOUR));

    const expected = { receiptsDeleted: forms, auditEntriesDeleted: forms };
    expect(await db.cleanup({ dryRun: true })).toMatchObject(expected);
    expect(await db.cleanup()).toMatchObject(expected);
    expect(fixture.native("SELECT count(*) FROM audit_log WHERE audit_id LIKE 'old%'")).toBe('0');
    expect(fixture.native("SELECT count(*) FROM receipts WHERE receipt_id LIKE 'unreadable%'")).toBe(
      String(UNREADABLE.length),
    );
    const { problems } = await db.verify();
    expect(problems.map(({ check, message }) => [check, message])).toContainEqual([
      'audit',
      'timestamp is "yesterday", which is not a time',
    ]);
  });

  it('are read in the order of their moments, each row once, both ways', async () => {
    const fixture = createTestDatabase();
    const db = await open(fixture);
    // Ten minutes apart, the forms in turn, and stored in another order than that of time.
    const rows = upTo(1300).map((index) => {
      const moment = NOW - ((index * 7) % 1300) * 10 * MINUTE;
      const id = String((index * 7) % 1300).padStart(4, '0');
      return [id, FORMS[NAMES[index % NAMES.length]!]!(moment)] as const;
    });
    const timeless = [
      ...upTo(600).map((index) => [`blob ${index}`, `x'${String(index).padStart(4, '0')}'`] as const),
      ['null', 'NULL'] as const,
    ];
    insert(fixture, [...rows, ...timeless]);
    const newest = [...rows.map(([id]) => id).toSorted(), ...timeless.map(([id]) => id).toReversed()];
    const all = { days: 36_500, limit: 5000 };
    expect((await db.queryReceipts(all)).map(({ receiptId }) => receiptId)).toEqual(newest);
    const timed = newest.slice(0, 1300);
    expect(await streamed(db.queryAuditTrail(all))).toEqual(timed);
    expect(await streamed(db.queryAuditTrail({ ...all, order: 'oldest-first' }))).toEqual(timed.toReversed());
    const saving = (async () => {
      for (const agent of upTo(5)) await db.saveMemory(memoryOf(`m-${agent}`));
    })();
    const [down, up, since] = await Promise.all([
      streamed(db.queryAuditTrail(all)),
      streamed(db.queryAuditTrail({ ...all, order: 'oldest-first' })),
      streamed(db.queryAuditTrail({ ...all, days: 5 })),
      saving,
    ]);
    expect(down).toEqual(timed);
    expect(up).toEqual(timed.toReversed());
    expect(since).toEqual(timed.slice(0, since.length));
    expect(since.length).toBe((5 * DAY) / (10 * MINUTE) + 1);
    const receipts: string[] = [];
    for await (const { receiptId } of db.queryReceipts({ ...all, order: 'oldest-first' })) {
      receipts.push(receiptId);
      if (receipts.length > 5000) break;
    }
    expect(receipts).toEqual(newest.toReversed());
    const { rows: exported } = await db.exportAuditTrail({ output: fixture.path('out.json') });
    expect(exported).toBe(newest.length);
  });

  it('go by rowid within one moment, whatever their form, and fractions are moments', async () => {
    const fixture = createTestDatabase();
    const db = await open(fixture);
    insert(fixture, [
      ['late', `'${plain(NOW)}.75'`],
      ...NAMES.map((name) => [name, FORMS[name]!(NOW)] as const),
      ['early', `'${plain(NOW - 1000)}.25'`],
    ]);
    const ids = (await db.queryAuditTrail()).map(({ auditId }) => auditId);
    expect(ids).toEqual(['late', ...NAMES.toReversed(), 'early']);
  });

  it('of memories are ordered too, and a database of this program has none', async () => {
    const fixture = createTestDatabase();
    const db = await open(fixture);
    for (const agent of ['east', 'own', 'seconds']) await db.saveMemory(memoryOf(agent));
    await db.saveReceipt(receiptOf('e'));
    await db.logAudit(auditOf('o'));
    const count = (table: string, column: string): string =>
      fixture.native(
        `SELECT count(*) FROM ${table} INDEXED BY idx_${table}_time_form WHERE ${foreignTimeCondition(column)}`,
      );
    expect(count('receipts', 'created_at')).toBe('0');
    expect(count('audit_log', 'timestamp')).toBe('0');
    expect(count('agent_memory', 'last_updated')).toBe('0');
    fixture.native(
      `UPDATE agent_memory SET last_updated = ${FORMS['offset east']!(NOW - HOUR)} WHERE agent_id = 'east'`,
      `UPDATE agent_memory SET last_updated = ${FORMS['seconds']!(NOW + HOUR)} WHERE agent_id = 'seconds'`,
    );
    expect(count('agent_memory', 'last_updated')).toBe('2');
    expect((await db.queryMemory()).map(({ agentId }) => agentId)).toEqual(['seconds', 'own', 'east']);
  });
});

it('a batch is read in one state of the database, however many statements it takes', async () => {
  const fixture = createTestDatabase();
  await open(fixture);
  insert(
    fixture,
    upTo(30).map(
      (index) => [String(index).padStart(2, '0'), FORMS['seconds']!(NOW + index * MINUTE)] as const,
    ),
  );
  const connection = new SqliteConnection(await openDatabase(fileStorage(fixture.file)));
  const readRows = connection.all.bind(connection);
  let deleting: unknown;
  connection.all = (sql, values) => {
    // Other programs try to delete a row that has been found and not been read yet.
    if (sql.includes('WHERE rowid = ?')) {
      try {
        deleting = fixture.native("DELETE FROM audit_log WHERE audit_id = '05'");
      } catch (error) {
        deleting = error;
      }
    }
    return readRows(sql, values);
  };
  const ids: string[] = [];
  const filter = { agent: EVERY_AGENT, order: 'oldest-first' } as const;
  let cursor: Cursor | undefined;
  do {
    const batch = readInOrder<AuditRow>(connection, auditLogTable, filter, 10, cursor);
    ids.push(...batch.rows.map(({ auditId }) => auditId));
    cursor = batch.nextCursor;
  } while (cursor !== undefined);
  expect(ids).toEqual(upTo(30).map((index) => String(index).padStart(2, '0')));
  expect(String(deleting)).toMatch(/locked/);
  await connection.close();
});

it('a time that no calendar has is in no order, is kept, exported and named, whichever SQLite wrote it', async () => {
  const fixture = createTestDatabase();
  const db = await open(fixture);
  await db.saveReceipt(receiptOf('own'));
  const impossible = [
    '2026-11-31 01:02:03',
    '2026-02-30 02:30:00',
    '2026-11-28 24:00:00',
    '1900-02-29 00:00:00',
  ];
  const insertion = (time: string, index: number): string =>
    `INSERT INTO audit_log (audit_id, timestamp, agent_id, operation, status) VALUES ('${index}', '${time}', 'a', 'o', 'completed')`;
  expect(fixture.native(...impossible.map(insertion), 'PRAGMA integrity_check')).toBe('ok');
  const { rows } = await db.exportAuditTrail({ output: new WritableStream<Uint8Array>() });
  expect(rows).toBe(impossible.length);
  expect((await db.cleanup({ days: 1 })).auditEntriesDeleted).toBe(0);
  const { problems } = await db.verify();
  expect(problems.map(({ check }) => check)).toEqual(impossible.map(() => 'audit'));
  expect(fixture.native('PRAGMA integrity_check')).toBe('ok');
});

it('a time of this form is a moment, and every other one is in the index of foreign times', async () => {
  const fixture = createTestDatabase();
  const condition = foreignTimeCondition('x');
  const digits = (value: number, width: number): string => String(value).padStart(width, '0');
  const texts = [0, 4, 1900, 2000, 2024, 2026, 9999].flatMap((year) =>
    [0, 1, 2, 4, 11, 12, 13].flatMap((month) =>
      [0, 1, 28, 29, 30, 31, 32].flatMap((day) =>
        ['00:00:00', '23:59:59', '10:07:60', '24:59:59'].map(
          (time) => `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)} ${time}`,
        ),
      ),
    ),
  );
  const own = fixture
    .native(
      `WITH v(x) AS (VALUES ${texts.map((text) => `('${text}')`).join(', ')}) SELECT x FROM v WHERE NOT (${condition})`,
    )
    .split('\n');
  expect(own).toEqual(texts.filter((text) => momentOf(text) !== null));
  expect(own.length).toBeGreaterThan(100);
  // With a fraction it is read by the general way.
  expect(own.map(momentOf)).toEqual(own.map((text) => momentOf(`${text}.0`)));
});

describe('momentOf', () => {
  it.for([
    ['2026-01-01', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01 10:20', '2026-01-01T10:20:00.000Z'],
    ['2026-01-01t10:20:30z', '2026-01-01T10:20:30.000Z'],
    ['2026-01-01 10:20:30.123456789 +05:30', '2026-01-01T04:50:30.123Z'],
    ['2026-01-01T00:00:00-01', '2026-01-01T01:00:00.000Z'],
    ['2024-02-29 00:00:00', '2024-02-29T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.000Z'],
    [2_461_041.5, '2026-01-01T00:00:00.000Z'],
    [1_767_225_600.5, '2026-01-01T00:00:00.500Z'],
    [1_767_225_600_500, '2026-01-01T00:00:00.500Z'],
  ] as const)('%s', ([value, expected]) => {
    expect(iso(momentOf(value) ?? NaN)).toBe(expected);
  });

  it.for([
    '2026-02-29 00:00:00',
    '2026-13-01',
    '2026-01-01 25:00:00',
    '2026-01-01T10:00:00+99:00',
    '2026-01-01 10:00:00 CET',
    '10:00',
    '1767225600',
    'NaN',
    1e300,
    null,
    new Uint8Array([50]),
  ])('%s is not a time', (value) => {
    expect(momentOf(value)).toBeNull();
  });
});

/** Filters, orders and cursors of queries, against a model in plain JavaScript over random rows. */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { afterEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import type { ReceiptQuery, ReceiptRow } from '../../src/index.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { SqliteConnection, type SqlValue } from '../../src/engine/sqlite-connection.ts';
import { DatabasePersistence } from '../../src/persistence/database-persistence.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { collect, upTo } from '../../src/testing/persistence-case.ts';
import { momentOf } from '../../src/validation/timestamps.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const SEEDS = [1, 2, 3, 4];
const ROWS = 160;
const QUERIES = 60;

const OWN_TIMES: readonly SqlValue[] = [
  '2026-03-01 11:59:59',
  '2026-03-01 11:00:00',
  '2026-03-01 10:00:00',
  '2026-02-28 12:00:00',
  '2026-02-27 00:00:00',
  '2025-12-31 23:59:59',
  null,
];
const FOREIGN_TIMES: readonly SqlValue[] = [
  '2026-03-01T11:00:00Z',
  '2026-03-01T12:30:00.250+01:00',
  '2026-02-28',
  1_772_359_200,
  1_772_359_200_500,
  2_461_100.5,
  'yesterday',
  '2026-02-30 00:00:00',
  new Uint8Array([1, 2]),
];
const TEXTS = [
  'a',
  'A',
  'ab%',
  'a_b',
  'ä',
  'Ä',
  '100%',
  String.raw`back\slash`,
  '😀',
  'x\0y',
  "it's",
  '*',
  'ab*',
];
const STATUSES = ['success', 'error', 'partial', 'Success', ''];
const DURATIONS: readonly SqlValue[] = [null, 0, 1, 5, 5, 1000, 2.5, 9_007_199_254_740_993n, 'long'];
const NUMBERS = [
  '0',
  '-1',
  '1',
  '1.0',
  '2.5',
  '1e2',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740993',
];
const VALUES = [
  ...NUMBERS,
  'true',
  'false',
  'null',
  '"a"',
  '"ä"',
  '"😀"',
  '"\\uffff"',
  '"1"',
  '[]',
  '{}',
  '[1,{"n":2}]',
];
const KEYS = ['n', 'a b', 'ä', 'n.m', 'Größe', '%'];

interface Row {
  readonly rowid: number;
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly receiptJson: SqlValue;
  readonly status: string;
  readonly createdAt: SqlValue;
  readonly durationMs: SqlValue;
}

function randomJson(random: SeededRandom): SqlValue {
  if (random.chance(0.15))
    return random.oneOf(['not json', '{"n":', '', '7', new TextEncoder().encode('{"n":1}')]);
  const members = upTo(random.between(0, 3)).map(() => {
    const key = random.oneOf(KEYS);
    return `${random.chance(0.2) ? escaped(key) : JSON.stringify(key)}: ${random.oneOf(VALUES)}`;
  });
  // Of a key that is there twice, SQLite takes the first value and JavaScript the last.
  const unique = members.filter(
    (member, index) => members.findIndex((other) => keyOf(other) === keyOf(member)) === index,
  );
  return `{${unique.join(' ,\n')}}`;
}

const escaped = (key: string): string =>
  `"${key.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
const keyOf = (member: string): unknown => Object.keys(JSON.parse(`{${member}}`) as object)[0];

function randomRow(random: SeededRandom, index: number, times: readonly SqlValue[]): Row {
  const duration = random.oneOf(DURATIONS);
  return {
    rowid: index + 1,
    executionId: `${random.oneOf(TEXTS)}-${index}`,
    agentId: random.oneOf(TEXTS),
    agentType: random.oneOf(TEXTS),
    receiptJson: randomJson(random),
    status: random.oneOf(STATUSES),
    createdAt: random.oneOf(times),
    durationMs: duration,
  };
}

const SPANS = {
  '90s': 90_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '1d': 86_400_000,
  '1w': 604_800_000,
} as const;
const PERIOD_ENDS = [
  ...Object.keys(SPANS),
  '2026-02-28',
  '2026-03-01T11:00:00Z',
  '2026-03-01 10:00:00',
  '2026-03-01T12:00:00.5+02:00',
];

function randomQuery(random: SeededRandom): ReceiptQuery {
  const query: { -readonly [Name in keyof ReceiptQuery]: ReceiptQuery[Name] } = {};
  if (random.chance(0.2)) query.agentExact = random.oneOf(TEXTS);
  if (random.chance(0.3))
    query.status = random.chance(0.5) ? random.oneOf(STATUSES.slice(0, 4)) : ['error', 'partial'];
  if (random.chance(0.2))
    query.agentType = random.oneOf([...TEXTS, 'a*', 'ab*', 'ä*', String.raw`ab\*`, '*']);
  if (random.chance(0.2)) query.execution = random.oneOf(['a*', 'A-1*', '100%*', 'a-3', '😀*', '*']);
  if (random.chance(0.3)) query.since = random.oneOf(PERIOD_ENDS);
  if (random.chance(0.3)) query.until = random.oneOf(PERIOD_ENDS);
  if (random.chance(0.2))
    query.text = random.oneOf(['n', 'N', 'ä', '%', '_', 'a_b', '\\', '900719925474099', 'NOT JSON', 'y-1']);
  if (random.chance(0.4))
    query.where = random.chance(0.2) ? [randomWhere(random), randomWhere(random)] : randomWhere(random);
  if (random.chance(0.6))
    query.order = random.oneOf(['newest-first', 'oldest-first', 'longest-first', 'shortest-first']);
  return query;
}

const COMPARISONS = ['=', '==', '!=', '<>', '<', '<=', '>', '>='];

function randomWhere(random: SeededRandom): string {
  const key = random.oneOf(KEYS);
  const path = random.oneOf([`$."${key}"`, `$["${key}"]`, '$.n', '$.n[0]', '$.n[-1].n', '$']);
  if (random.chance(0.15)) return path;
  const value = random.oneOf([
    ...NUMBERS,
    '18446744073709551616',
    'true',
    'null',
    '"a"',
    "'ä'",
    '"😀"',
    '"\\uffff"',
  ]);
  const ordered = value === 'true' || value === 'null' ? COMPARISONS.slice(0, 4) : COMPARISONS;
  return `${path} ${random.oneOf(ordered)}${random.oneOf(['', ' '])}${value}`;
}

/** A JSON value, whose integers are bigints where a number would round them. */
function parseExactly(text: string): unknown {
  const marked = text.replaceAll(/(?<![\w."])-?\d{16,18}(?![\d.])/g, '{"big":"$&"}');
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'big' in value ? BigInt(value.big as string) : value,
  );
}

/** What the engine must do, said once more and without SQL. */
function passesWhere(json: SqlValue, where: string): boolean {
  if (typeof json !== 'string') return false;
  let value: unknown;
  try {
    value = parseExactly(json);
  } catch {
    return false;
  }
  const [, path = '', comparison, literal = ''] =
    /^(\$.*?)(?:\s*(==|!=|<>|<=|>=|=|<|>)\s*(.*))?$/u.exec(where) ?? [];
  for (const step of path.matchAll(/\."([^"]*)"|\["([^"]*)"\]|\.([^.[\s]+)|\[(-?\d+)\]/gu)) {
    const [, quoted, member, key, index] = step;
    const name = quoted ?? member ?? key;
    if (name === undefined) value = Array.isArray(value) ? (value as unknown[]).at(Number(index)) : undefined;
    else if (typeof value !== 'object' || value === null || Array.isArray(value)) value = undefined;
    else value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (value === undefined) return false;
  if (comparison === undefined) return true;
  const wanted = parseExactly(literal.replace(/^'(.*)'$/u, '"$1"'));
  const kind = (given: unknown): string =>
    (given === null ? 'null' : typeof given).replace('bigint', 'number');
  const sameKind = kind(value) === kind(wanted);
  const compared = sameKind ? compareValues(value, wanted) : Number.NaN;
  if (comparison === '=' || comparison === '==') return sameKind && compared === 0;
  if (comparison === '!=' || comparison === '<>') return !(sameKind && compared === 0);
  return comparison.startsWith('<')
    ? compared < 0 || (comparison === '<=' && compared === 0)
    : compared > 0 || (comparison === '>=' && compared === 0);
}

function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'string' && typeof right === 'string') {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  if (left === right) return 0;
  const [a, b] = [left as number, right as number];
  return a < b ? -1 : a > b ? 1 : a <= b ? 0 : Number.NaN;
}

function endOf(given: string): number {
  const span = SPANS[given as keyof typeof SPANS] as number | undefined;
  return span === undefined ? (momentOf(given) ?? Number.NaN) : NOW.getTime() - span;
}

const lowered = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
const matches = (text: string, wanted: string): boolean =>
  wanted.endsWith(String.raw`\*`)
    ? text === `${wanted.slice(0, -2)}*`
    : wanted.endsWith('*')
      ? text.startsWith(wanted.slice(0, -1))
      : text === wanted;

function passes(row: Row, query: ReceiptQuery): boolean {
  const { agentExact, status, agentType, execution, since, until, text, where } = query;
  const moment = momentOf(row.createdAt);
  return (
    (agentExact === undefined || row.agentId === agentExact) &&
    (status === undefined || [status].flat().includes(row.status)) &&
    (agentType === undefined || matches(row.agentType, agentType)) &&
    (execution === undefined || matches(row.executionId, execution)) &&
    (since === undefined || (moment !== null && moment >= endOf(since))) &&
    (until === undefined || (moment !== null && moment < endOf(until))) &&
    (text === undefined ||
      [row.executionId, row.receiptJson].some(
        (cell) => typeof cell === 'string' && lowered(cell).includes(lowered(text)),
      )) &&
    [where ?? []].flat().every((condition) => passesWhere(row.receiptJson, condition))
  );
}

/** SQLite's order of values: NULL, numbers, texts. */
function compareDurations(left: SqlValue, right: SqlValue): number {
  const rank = (value: SqlValue): number => (value === null ? 0 : typeof value === 'string' ? 2 : 1);
  return rank(left) - rank(right) || (left === null ? 0 : compareValues(left, right));
}

function expected(rows: readonly Row[], query: ReceiptQuery): string[] {
  const { order = 'newest-first' } = query;
  const moment = (row: Row): number => momentOf(row.createdAt) ?? -Infinity;
  const ascending = rows
    .filter((row) => passes(row, query))
    .toSorted((left, right) => {
      if (!order.endsWith('st-first') || order.startsWith('longest') || order.startsWith('shortest')) {
        return compareDurations(left.durationMs, right.durationMs) || left.rowid - right.rowid;
      }
      const [a, b] = [moment(left), moment(right)];
      return a === b ? left.rowid - right.rowid : a < b ? -1 : 1;
    });
  const fromGreatest = order === 'newest-first' || order === 'longest-first';
  return (fromGreatest ? ascending.toReversed() : ascending).map(({ executionId }) => executionId);
}

let db: DatabasePersistence | undefined;
afterEach(async () => db?.close());

async function open(rows: readonly Row[]): Promise<DatabasePersistence> {
  const connection = new SqliteConnection(await openDatabase(memoryStorage()));
  await migrate(connection, NOW, performance.now());
  for (const row of rows) {
    const { rowid, executionId, agentId, agentType, receiptJson, status, createdAt, durationMs } = row;
    connection.run(
      `INSERT INTO receipts (rowid, receipt_id, execution_id, agent_id, agent_type, receipt_json, status, created_at,
         updated_at, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        rowid,
        `id-${rowid}`,
        executionId,
        agentId,
        agentType,
        receiptJson,
        status,
        createdAt,
        createdAt,
        durationMs,
      ],
    );
  }
  db = new DatabasePersistence(connection, DEFAULT_RETRY_POLICY, () => NOW, 'strict');
  return db;
}

const idsOf = (rows: readonly Pick<ReceiptRow, 'executionId'>[]): string[] =>
  rows.map(({ executionId }) => executionId);

describe.each([
  ['times of this program', OWN_TIMES],
  ['times of other programs as well', [...OWN_TIMES, ...FOREIGN_TIMES]],
])('filters over %s', (_name, times) => {
  it.each(SEEDS)('select, order, count and continue as the model does, seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    const rows = upTo(ROWS).map((index) => randomRow(random, index, times));
    const opened = await open(rows);
    let found = 0;
    for (let n = 0; n < QUERIES; n++) {
      const query = randomQuery(random);
      const ids = expected(rows, query);
      const shown = JSON.stringify(query);
      expect(idsOf(await opened.queryReceipts({ ...query, limit: ROWS })), shown).toEqual(ids);
      const { order, ...filters } = query;
      expect(await opened.countReceipts(filters), `count ${shown}`).toBe(ids.length);
      const limit = random.between(1, 40);
      const paged: string[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const { rows: part, nextCursor } = await opened
          .queryReceipts({ ...query, limit, ...(after === undefined ? {} : { after }) })
          .withCursor();
        expect(part.length).toBeLessThanOrEqual(limit);
        paged.push(...idsOf(part));
        after = nextCursor;
      }
      expect(paged, `${shown} in steps of ${limit}, ${order}`).toEqual(ids);
      found += ids.length;
    }
    expect(found).toBeGreaterThan(QUERIES);
  });
});

it('an index leads to few rows, and order leads to many, with the same result', async () => {
  const rows = upTo(12_000).map((index): Row => ({
    rowid: index + 1,
    executionId: `e-${index}`,
    agentId: `a-${index % 3}`,
    agentType: 't',
    receiptJson: '{}',
    status: index % 4000 === 7 ? 'error' : 'success',
    createdAt: OWN_TIMES[index % 6] ?? null,
    durationMs: index % 10,
  }));
  const opened = await open(rows);
  const queries: ReceiptQuery[] = [
    { status: 'error' },
    { status: 'success', limit: 700 },
    { status: 'error', agentExact: 'a-1', since: '2026-01-01' },
    { execution: 'e-1*', limit: 2000, order: 'oldest-first' },
    { execution: 'e-12', status: ['success', 'error'] },
    { status: 'error', order: 'longest-first' },
  ];
  for (const query of queries) {
    const ids = expected(rows, query);
    const read = await collect(opened.queryReceipts({ ...query, limit: 12_000 }));
    expect(idsOf(read), JSON.stringify(query)).toEqual(ids);
    const { order: _order, limit: _limit, ...filters } = query;
    expect(await opened.countReceipts(filters), JSON.stringify(query)).toBe(ids.length);
  }
});

it('a text that goes on after JSON and NUL is no JSON', async () => {
  const row: Row = {
    rowid: 1,
    executionId: 'e',
    agentId: 'a',
    agentType: 't',
    receiptJson: '{"n":1}\0junk',
    status: 'success',
    createdAt: null,
    durationMs: 1,
  };
  const opened = await open([row, { ...row, rowid: 2, executionId: 'json', receiptJson: '{"n":1}' }]);
  expect(idsOf(await opened.queryReceipts({ where: '$.n = 1' }))).toEqual(['json']);
});

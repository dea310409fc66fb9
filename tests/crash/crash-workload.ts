/**
 * Work to be interrupted: transactions planned from a seed, with the content the database must have after each of
 * them, worked out without SQLite. Transaction 0 makes the tables; every one of them leaves its number in `counter`,
 * and which life of the database it ran in: two runs of one transaction must not write the same bytes, or a log would
 * take what an earlier life left behind for the continuation of this one.
 */
import type { SqlJsDatabase } from '../../packages/sqljs-vfs/src/sqlite/load-sqljs.ts';
import { column } from '../../packages/sqljs-vfs/src/testing/database-queries.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** How much a workload does. */
export interface WorkloadShape {
  /** Transactions after the one that makes the tables. */
  readonly transactions: number;
  /** Rows that transaction 0 stores. */
  readonly rows: number;
  /** Length of the longest text in a row. */
  readonly longestText: number;
  /** Every so many transactions one rewrites all rows. */
  readonly rewriteEvery: number;
  /** Every so many transactions a VACUUM comes first. */
  readonly vacuumEvery: number;
}

interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** One transaction and what it leaves. */
export interface PlannedTransaction {
  readonly number: number;
  /** Work outside of the transaction that changes no content. */
  readonly before: readonly Statement[];
  readonly statements: readonly Statement[];
  /** What {@link contentOf} must say after the commit. */
  readonly content: string;
}

interface Row {
  readonly weight: number;
  readonly text: string;
}

const SCHEMA = [
  'CREATE TABLE entries(id INTEGER PRIMARY KEY, weight INTEGER NOT NULL, text TEXT NOT NULL)',
  'CREATE INDEX entries_weight ON entries(weight, text)',
  'CREATE TABLE counter(number INTEGER NOT NULL, life INTEGER NOT NULL)',
  'INSERT INTO counter VALUES (0, 0)',
].map((sql) => ({ sql, values: [] }));

/** Plans transactions 0 to `shape.transactions`. */
export function planTransactions(random: SeededRandom, shape: WorkloadShape): PlannedTransaction[] {
  const rows = new Map<number, Row>();
  const planned: PlannedTransaction[] = [];
  for (let number = 0; number <= shape.transactions; number++) {
    const statements = number === 0 ? firstRows(random, shape, rows) : changes(random, shape, rows, number);
    planned.push({
      number,
      before: number === 0 ? [] : aside(random, shape, number),
      statements,
      content: contentAfter(number, rows),
    });
  }
  return planned;
}

function firstRows(random: SeededRandom, shape: WorkloadShape, rows: Map<number, Row>): Statement[] {
  const inserts = Array.from({ length: shape.rows }, (_, index) => insertRow(random, shape, rows, index + 1));
  return [...SCHEMA, ...inserts];
}

function changes(
  random: SeededRandom,
  shape: WorkloadShape,
  rows: Map<number, Row>,
  number: number,
): Statement[] {
  const statements: Statement[] = [{ sql: 'UPDATE counter SET number = ?', values: [number] }];
  if (number % shape.rewriteEvery === 0) {
    statements.push({ sql: "UPDATE entries SET text = text || 'x', weight = weight + 1", values: [] });
    for (const [id, { weight, text }] of rows) rows.set(id, { weight: weight + 1, text: `${text}x` });
  }
  for (let left = random.between(1, 12); left > 0; left--) {
    const ids = [...rows.keys()];
    const kind = random.fraction();
    if (ids.length === 0 || kind < 0.4) {
      statements.push(insertRow(random, shape, rows, Math.max(0, ...ids) + 1));
    } else if (kind < 0.75) {
      const id = random.oneOf(ids);
      const row = randomRow(random, shape);
      rows.set(id, row);
      statements.push({
        sql: 'UPDATE entries SET weight = ?, text = ? WHERE id = ?',
        values: [row.weight, row.text, id],
      });
    } else {
      const id = random.oneOf(ids);
      rows.delete(id);
      statements.push({ sql: 'DELETE FROM entries WHERE id = ?', values: [id] });
    }
  }
  return statements;
}

/** What else happens to a database: VACUUM, and transactions that are taken back, in whole or in part. */
function aside(random: SeededRandom, shape: WorkloadShape, number: number): Statement[] {
  if (number % shape.vacuumEvery === 0) return [{ sql: 'VACUUM', values: [] }];
  if (!random.chance(0.15)) return [];
  const taken = [
    'BEGIN IMMEDIATE',
    "UPDATE entries SET text = 'taken back'",
    'DELETE FROM counter',
    'ROLLBACK',
  ];
  return taken.map((sql) => ({ sql, values: [] }));
}

function insertRow(
  random: SeededRandom,
  shape: WorkloadShape,
  rows: Map<number, Row>,
  id: number,
): Statement {
  const row = randomRow(random, shape);
  rows.set(id, row);
  return { sql: 'INSERT INTO entries VALUES (?, ?, ?)', values: [id, row.weight, row.text] };
}

function randomRow(random: SeededRandom, shape: WorkloadShape): Row {
  const letter = String.fromCharCode(97 + random.below(26));
  return { weight: random.below(1000), text: letter.repeat(random.between(0, shape.longestText)) };
}

function contentAfter(number: number, rows: ReadonlyMap<number, Row>): string {
  const lines = [...rows].toSorted(([some], [other]) => some - other);
  return `${number}:${lines.map(([id, { weight, text }]) => `${id},${weight},${text}`).join(';')}`;
}

/** Runs a planned transaction. When it returns, it is acknowledged. */
export function runTransaction(database: SqlJsDatabase, planned: PlannedTransaction, life: number): void {
  for (const { sql, values } of planned.before) database.run(sql, [...values]);
  database.run('BEGIN IMMEDIATE');
  for (const { sql, values } of planned.statements) database.run(sql, [...values]);
  database.run('UPDATE counter SET life = ?', [life]);
  database.run('COMMIT');
}

/** The number of the last transaction a database knows; -1 while there is none. */
export function lastTransaction(database: SqlJsDatabase): number {
  const [tables] = column(database, 'SELECT count(*) FROM sqlite_schema');
  return tables === 0 ? -1 : Number(column(database, 'SELECT number FROM counter')[0]);
}

/** Everything a database holds, as one text. */
export function contentOf(database: SqlJsDatabase): string {
  const rows = column(database, "SELECT id || ',' || weight || ',' || text FROM entries ORDER BY id");
  return `${lastTransaction(database)}:${rows.join(';')}`;
}

/** Which transactions a database may end with. */
export interface Expectation {
  /** The last one whose commit was promised to be kept; -1 where none was. */
  readonly promised: number;
  /** The last one that was begun. */
  readonly begun: number;
}

/** @returns what is wrong with a database after a crash; undefined if nothing is */
export function faultOf(
  database: SqlJsDatabase,
  plan: readonly PlannedTransaction[],
  { promised, begun }: Expectation,
): string | undefined {
  const [integrity] = column(database, 'PRAGMA integrity_check');
  if (integrity !== 'ok') return `damaged: ${String(integrity).split('\n', 2).join(' ')}`;
  const last = lastTransaction(database);
  if (last < promised) return `lost: commit ${promised} was promised, ${last} is the last`;
  if (last > begun) return `invented: transaction ${begun} was the last begun, ${last} is there`;
  if (last >= 0 && contentOf(database) !== plan[last]?.content)
    return `torn: transaction ${last} is there in part`;
  return undefined;
}

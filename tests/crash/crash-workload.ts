/**
 * A workload for crashes to interrupt: transactions planned from a seed, each with the content of the database after it,
 * computed without SQLite. Transaction 0 creates the tables. Every transaction stores its number in `counter`, and the
 * number of the process that ran it (`run`). So two runs of one transaction never write the same bytes: a log could
 * otherwise take the remains of an earlier process for its own continuation.
 */
import type { SqlJsDatabase } from '../../packages/sqljs-vfs/src/sqlite/sqljs-types.ts';
import { column } from '../../packages/sqljs-vfs/src/testing/database-queries.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** The size of a workload. */
export interface WorkloadShape {
  /** Number of transactions after the one that creates the tables. */
  readonly transactions: number;
  /** Number of rows that transaction 0 stores. */
  readonly rows: number;
  /** Length of the longest text in a row. */
  readonly longestText: number;
  /** Every n-th transaction rewrites all rows. */
  readonly rewriteEvery: number;
  /** A VACUUM precedes every n-th transaction. */
  readonly vacuumEvery: number;
}

interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** One transaction, and the content after it. */
export interface PlannedTransaction {
  readonly number: number;
  /** Statements before the transaction, which change no content. */
  readonly before: readonly Statement[];
  readonly statements: readonly Statement[];
  /** The result of {@link contentOf} after the commit. */
  readonly content: string;
}

interface Row {
  readonly weight: number;
  readonly text: string;
}

const SCHEMA = [
  'CREATE TABLE entries(id INTEGER PRIMARY KEY, weight INTEGER NOT NULL, text TEXT NOT NULL)',
  'CREATE INDEX entries_weight ON entries(weight, text)',
  'CREATE TABLE counter(number INTEGER NOT NULL, run INTEGER NOT NULL)',
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
      before: number === 0 ? [] : otherStatements(random, shape, number),
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

/** Plans other statements: VACUUM, or a transaction that is rolled back. */
function otherStatements(random: SeededRandom, shape: WorkloadShape, number: number): Statement[] {
  if (number % shape.vacuumEvery === 0) return [{ sql: 'VACUUM', values: [] }];
  if (!random.chance(0.15)) return [];
  const rolledBack = [
    'BEGIN IMMEDIATE',
    "UPDATE entries SET text = 'rolled back'",
    'DELETE FROM counter',
    'ROLLBACK',
  ];
  return rolledBack.map((sql) => ({ sql, values: [] }));
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

/** Runs a planned transaction, which is acknowledged when this function returns. */
export function runTransaction(database: SqlJsDatabase, planned: PlannedTransaction, run: number): void {
  for (const { sql, values } of planned.before) database.run(sql, [...values]);
  database.run('BEGIN IMMEDIATE');
  for (const { sql, values } of planned.statements) database.run(sql, [...values]);
  database.run('UPDATE counter SET run = ?', [run]);
  database.run('COMMIT');
}

/** Returns the number of the last stored transaction, or -1. */
export function lastTransaction(database: SqlJsDatabase): number {
  const [tables] = column(database, 'SELECT count(*) FROM sqlite_schema');
  return tables === 0 ? -1 : Number(column(database, 'SELECT number FROM counter')[0]);
}

/** Returns the whole content of a database as one text. */
export function contentOf(database: SqlJsDatabase): string {
  const rows = column(database, "SELECT id || ',' || weight || ',' || text FROM entries ORDER BY id");
  return `${lastTransaction(database)}:${rows.join(';')}`;
}

/** The transactions with which a database may end. */
export interface Expectation {
  /** The last transaction whose commit was promised to survive, or -1. */
  readonly promised: number;
  /** The last transaction that was begun. */
  readonly begun: number;
}

/** Checks a database after a crash. @returns the fault, or undefined */
export function faultOf(
  database: SqlJsDatabase,
  plan: readonly PlannedTransaction[],
  { promised, begun }: Expectation,
): string | undefined {
  const [integrity] = column(database, 'PRAGMA integrity_check');
  if (integrity !== 'ok') return `damaged: ${String(integrity).split('\n', 2).join(' ')}`;
  const last = lastTransaction(database);
  if (last < promised) return `lost: commit ${promised} was promised, the last one stored is ${last}`;
  if (last > begun) return `invented: transaction ${begun} was the last begun, ${last} is stored`;
  if (last >= 0 && contentOf(database) !== plan[last]?.content)
    return `torn: transaction ${last} is stored in part`;
  return undefined;
}

import type { PGlite } from '@electric-sql/pglite';
import { seedAuditEntry, seedReceipt } from '../../dataset/rows.ts';
import { auditValues, receiptValues, type SqlValue } from '../../dataset/statements.ts';
import { sqlSession, type SqlConnection } from '../sql-session.ts';
import type { BrowserEngine, SeedSource } from './browser-engine.ts';

const ROWS_PER_COPY = 10_000;

export const pgliteIndexedDb: BrowserEngine = pglite(
  {
    id: 'pglite-indexeddb',
    title: 'PGlite, IndexedDB',
    durability:
      'end of the process: changed files written whole, transactions at the default durability (relaxed)',
  },
  'idb',
);

export const pgliteOpfs: BrowserEngine = pglite(
  {
    id: 'pglite-opfs',
    title: 'PGlite, OPFS (opfs-ahp)',
    durability: 'not equal: Postgres without fsync, then every file flushed after each statement',
  },
  'opfs-ahp',
);

function pglite(
  facts: Pick<BrowserEngine, 'id' | 'title' | 'durability'>,
  scheme: 'idb' | 'opfs-ahp',
): BrowserEngine {
  const connect = async (name: string): Promise<PGlite> => {
    const { PGlite } = await import('@electric-sql/pglite');
    return PGlite.create({ dataDir: `${scheme}://${name}` });
  };
  return {
    ...facts,
    ggenSim: false,
    host: 'worker',
    fills: 'rows',
    async fill(name, source) {
      const database = await connect(name);
      await copyIn(database, source);
      await database.close();
    },
    open: async (name) =>
      sqlSession(connection(await connect(name)), { oneAtATime: true, dialect: toPostgres }),
  };
}

function connection(database: PGlite): SqlConnection {
  const on =
    (connected: Pick<PGlite, 'query'>) =>
    async (sql: string, values: readonly SqlValue[] = []): Promise<unknown[]> => {
      const { rows } = await connected.query(sql, [...values], { rowMode: 'array' });
      return rows;
    };
  return {
    run: on(database),
    all: on(database),
    inTransaction: (work) => database.transaction((transaction) => work({ run: on(transaction) })),
    close: () => database.close(),
  };
}

/** COPY, which is how Postgres takes many rows. */
async function copyIn(database: PGlite, { seed, schema }: SeedSource): Promise<void> {
  await database.transaction(async (transaction) => {
    for (const sql of schema.filter(isPostgresToo)) await transaction.query(toPostgres(sql));
    for (let from = 0; from < seed.rowCount; from += ROWS_PER_COPY) {
      const count = Math.min(ROWS_PER_COPY, seed.rowCount - from);
      const rows = (valuesOf: (index: number) => readonly SqlValue[]): Blob =>
        new Blob(Array.from({ length: count }, (_, offset) => csvLine(valuesOf(from + offset))));
      const receipts = rows((index) => receiptValues(seedReceipt(seed, index)));
      await transaction.query("COPY receipts FROM '/dev/blob' WITH (FORMAT csv)", [], { blob: receipts });
      const audits = rows((index) => auditValues(seedAuditEntry(seed, index)));
      await transaction.query("COPY audit_log FROM '/dev/blob' WITH (FORMAT csv)", [], { blob: audits });
    }
  });
}

function csvLine(values: readonly SqlValue[]): string {
  const cells = values.map((value) => (value === null ? '' : `"${String(value).replaceAll('"', '""')}"`));
  return `${cells.join(',')}\n`;
}

/** Postgres has none of SQLite's functions by which the partial indexes of foreign times find no row. */
function isPostgresToo(sql: string): boolean {
  return !sql.includes('typeof(');
}

/** Postgres has no DATETIME and no INSERT OR, chooses indexes and the order of a join itself, and orders rows of one second by nothing. */
function toPostgres(sql: string): string {
  let number = 0;
  return sql
    .replaceAll('DATETIME', 'TEXT')
    .replaceAll('INSERT OR ABORT', 'INSERT')
    .replaceAll(/ INDEXED BY \w+/g, '')
    .replaceAll('CROSS JOIN', 'JOIN')
    .replaceAll('SELECT rowid, ', 'SELECT ')
    .replaceAll(', rowid DESC', '')
    .replaceAll('?', () => `$${++number}`);
}

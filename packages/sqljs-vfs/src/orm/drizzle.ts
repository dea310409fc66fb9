/** A driver for Drizzle (https://orm.drizzle.team). */
import type { DrizzleConfig } from 'drizzle-orm';
import { drizzle as remote, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy';
import type { DurableDatabase } from '../durable-database.ts';
import {
  SqlSession,
  type DriverOptions,
  type SqlTransaction,
  type StatementResult,
  type TransactionBehavior,
} from './sql-session.ts';

export type { DriverOptions } from './sql-session.ts';

/** How Drizzle wants rows. */
type Method = 'run' | 'all' | 'values' | 'get';

interface Statement {
  readonly sql: string;
  readonly params: unknown[];
  readonly method: Method;
}

const BEGIN = /^begin(?: (?<behavior>deferred|immediate|exclusive))?$/;

/** Drizzle expects one row for `get`, undefined where there is none. */
function resultFor(method: Method, result: StatementResult): { rows: unknown[] } {
  const { rows, changes, lastInsertRowid } = result;
  if (method === 'get') return { rows: rows[0] as unknown[] };
  return method === 'run' ? Object.assign({ rows }, { changes, lastInsertRowid }) : { rows };
}

/**
 * Opens a database with Drizzle. Everything is asynchronous and durable when it resolves, on every storage. Transactions
 * run one at a time, `batch` is one, and nested ones are savepoints. Within `transaction`, use the argument of its
 * callback: a call of the outer database waits for the transaction to end.
 * @param durable - from `openDatabase`; the caller closes it
 * @throws SqliteError from its methods, with SQLITE_BUSY (5) also when another tab has committed before a transaction
 */
export function drizzle<Schema extends Record<string, unknown> = Record<string, never>>(
  durable: DurableDatabase,
  config: DrizzleConfig<Schema> & DriverOptions = {},
): SqliteRemoteDatabase<Schema> {
  const session = new SqlSession(durable, config);
  const database = remote<Schema>(
    async (sql, params, method) => resultFor(method, await session.execute(sql, params)),
    (batch) => runBatch(session, batch),
    config,
  );
  const transaction: typeof database.transaction = (work, options) =>
    transactional<Schema>(session, config).transaction(work, options);
  return Object.assign(database, { transaction });
}

async function runBatch(session: SqlSession, batch: readonly Statement[]): Promise<{ rows: unknown[] }[]> {
  const transaction = await session.begin();
  try {
    const results = batch.map(({ sql, params, method }) =>
      resultFor(method, transaction.execute(sql, params)),
    );
    await transaction.commit();
    return results;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** Makes a database for one transaction, whose BEGIN, COMMIT and ROLLBACK Drizzle sends as statements. */
function transactional<Schema extends Record<string, unknown>>(
  session: SqlSession,
  config: DrizzleConfig<Schema>,
): SqliteRemoteDatabase<Schema> {
  let transaction: SqlTransaction | undefined;
  return remote<Schema>(async (sql, params, method) => {
    if (!transaction) {
      const behavior = BEGIN.exec(sql)?.groups?.['behavior'] as TransactionBehavior | undefined;
      transaction = await session.begin(behavior);
    } else if (sql === 'commit') await transaction.commit();
    else if (sql === 'rollback') await transaction.rollback();
    else return resultFor(method, transaction.execute(sql, params));
    return { rows: [] };
  }, config);
}

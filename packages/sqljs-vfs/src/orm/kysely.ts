/** A dialect for Kysely (https://kysely.dev). */
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { DurableDatabase } from '../durable-database.ts';
import { SqlSession, type DriverOptions, type SqlTransaction } from './sql-session.ts';

export type { DriverOptions } from './sql-session.ts';

/**
 * Kysely's dialect for a database of this package. Everything is asynchronous and durable when it resolves, on every
 * storage. Transactions run one at a time. Within one, use the transaction: a query of the outer instance waits for it to
 * end. `destroy` closes the database.
 */
export class DurableDialect implements Dialect {
  readonly #durable: DurableDatabase;
  readonly #options: DriverOptions;

  /** @param durable - from `openDatabase` */
  constructor(durable: DurableDatabase, options: DriverOptions = {}) {
    this.#durable = durable;
    this.#options = options;
  }

  createDriver(): Driver {
    return new DurableDriver(new SqlSession(this.#durable, this.#options));
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter();
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own signature
  createIntrospector(database: Kysely<any>): DatabaseIntrospector {
    return new SqliteIntrospector(database);
  }
}

/** Runs statements alone, or in the transaction that it has begun. */
class DurableConnection implements DatabaseConnection {
  transaction: SqlTransaction | undefined;
  readonly #session: SqlSession;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const executor = this.transaction ?? this.#session;
    const { columns, rows, changes, lastInsertRowid } = await executor.execute(sql, parameters);
    return {
      rows: rows.map(
        (row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])) as Row,
      ),
      ...(changes !== undefined && {
        numAffectedRows: BigInt(changes),
        insertId: BigInt(lastInsertRowid),
      }),
    };
  }

  /** Reads all rows first: an open cursor would keep the storage's transaction open while its caller waits. */
  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }

  async begin(): Promise<void> {
    this.transaction = await this.#session.begin();
  }

  async end(by: 'commit' | 'rollback'): Promise<void> {
    const { transaction } = this;
    this.transaction = undefined;
    await transaction?.[by]();
  }
}

class DurableDriver implements Driver {
  readonly #session: SqlSession;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(new DurableConnection(this.#session));
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (settings.isolationLevel !== undefined && settings.isolationLevel !== 'serializable') {
      throw new TypeError(`SQLite's transactions are serializable, not ${settings.isolationLevel}`);
    }
    await (connection as DurableConnection).begin();
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as DurableConnection).end('commit');
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as DurableConnection).end('rollback');
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await runWithName(connection, 'savepoint', name);
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await runWithName(connection, 'rollback to', name);
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await runWithName(connection, 'release', name);
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return (connection as DurableConnection).end('rollback');
  }

  destroy(): Promise<void> {
    return this.#session.close();
  }
}

function runWithName(connection: DatabaseConnection, command: string, name: string): Promise<unknown> {
  return connection.executeQuery(CompiledQuery.raw(`${command} "${name.replaceAll('"', '""')}"`));
}

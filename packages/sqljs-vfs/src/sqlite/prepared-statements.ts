import type { SqlJsDatabase, SqlJsStatement } from './sqljs-types.ts';

/** The statements that `prepare` of a database has returned, until they are freed. */
export class PreparedStatements {
  readonly #statements: Set<SqlJsStatement> = new Set();

  /** Notes every statement that the database prepares from now on. */
  constructor(database: SqlJsDatabase) {
    const prepare = database.prepare.bind(database);
    database.prepare = (...parameters) => {
      const statement = prepare(...parameters);
      const free = statement.free.bind(statement);
      statement.free = () => {
        this.#statements.delete(statement);
        return free();
      };
      this.#statements.add(statement);
      return statement;
    };
  }

  /** Ends the rows of every statement, and with them SQLite's read lock. The statements can be used again. */
  reset(): void {
    for (const statement of this.#statements) statement.reset();
  }
}

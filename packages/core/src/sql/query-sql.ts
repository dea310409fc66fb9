/**
 * Queries in SQL that a person writes. SQLite's authorizer refuses whatever does not read while the statement is prepared, so
 * nothing depends on the text of the statement. Its progress handler ends a query whose time is over.
 */
import {
  ResultCode,
  type SqlJsDatabase,
  type SqlJsStatement,
  type StatementGuard,
} from '@ggen-sim/sqljs-vfs';
import { PersistenceError } from '../api/errors.ts';
import type { SqlQuery, SqlResult } from '../api/persistence.ts';
import { resultCodeOf } from '../engine/error-mapping.ts';
import { bind, exactRow, type SqliteConnection, type SqlValue } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { abortable } from '../validation/abort.ts';
import {
  checkFields,
  checkList,
  checkRequired,
  checkText,
  checkWholeNumber,
  invalid,
} from '../validation/arguments.ts';
import { checkLongOperation } from '../validation/long-operation.ts';

const OPERATION = 'querySql';

/** Size of the values after which no further row is returned, in characters and bytes. */
const MAX_RESULT_SIZE = 64 * 1024 * 1024;

/** Action codes of SQLite's authorizer (https://www.sqlite.org/c3ref/c_alter_table.html). */
const Action = { PRAGMA: 19, READ: 20, SELECT: 21, FUNCTION: 31, RECURSIVE: 33 } as const;

const READING_ACTIONS: ReadonlySet<number> = new Set([
  Action.READ,
  Action.SELECT,
  Action.FUNCTION,
  Action.RECURSIVE,
]);

/** PRAGMAs that only tell something, whatever their argument is. */
const TELLING_PRAGMAS: ReadonlySet<string> = new Set([
  'collation_list',
  'compile_options',
  'database_list',
  'foreign_key_check',
  'foreign_key_list',
  'freelist_count',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'module_list',
  'page_count',
  'pragma_list',
  'quick_check',
  'table_info',
  'table_list',
  'table_xinfo',
]);

/** PRAGMAs that tell something without an argument, and change it with one. */
const SETTABLE_PRAGMAS: ReadonlySet<string> = new Set([
  'application_id',
  'auto_vacuum',
  'encoding',
  'page_size',
  'schema_version',
  'user_version',
]);

/** Results of SQLite that are about the statement. */
const STATEMENT_FAULTS: ReadonlySet<number | undefined> = new Set([
  ResultCode.ERROR,
  ResultCode.NOMEM,
  ResultCode.TOOBIG,
  ResultCode.MISMATCH,
  ResultCode.RANGE,
]);

interface CheckedQuery {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly limit: number;
  readonly timeoutMs: number;
  readonly explain: boolean;
}

/**
 * Runs a query that only reads.
 * @throws {PersistenceError} INVALID_ARGUMENT, TIMEOUT, ABORTED
 */
export async function querySql(
  connection: SqliteConnection,
  queue: OperationQueue,
  given: SqlQuery,
): Promise<SqlResult> {
  const query = checkQuery(given);
  const { signal } = checkLongOperation(OPERATION, given);
  const run = (): SqlResult => connection.snapshot(() => runGuarded(connection, query));
  return abortable(OPERATION, signal, () => queue.runInSteps(OPERATION, (steps) => steps.read(run), signal));
}

function checkQuery(given: SqlQuery): CheckedQuery {
  const fields = checkFields({ operation: OPERATION, name: 'query' }, given);
  const { parameters = [], limit = 1000, timeoutMs = 10_000, explain = false } = fields;
  checkRequired(OPERATION, { sql: fields.sql });
  const sql = checkText({ operation: OPERATION, name: 'sql' }, fields.sql);
  // sql.js passes the text as a C string, which ends there.
  if (sql.includes('\0')) throw refused('It contains the character U+0000');
  for (const value of checkList({ operation: OPERATION, name: 'parameters' }, parameters)) {
    if (!isSqlValue(value)) {
      const expected = 'texts, numbers, 64-bit bigints, bytes or null';
      throw invalid({ operation: OPERATION, name: 'parameters' }, value, expected);
    }
  }
  if (typeof explain !== 'boolean')
    throw invalid({ operation: OPERATION, name: 'explain' }, explain, 'true or false');
  return {
    sql,
    parameters,
    limit: checkWholeNumber({ operation: OPERATION, name: 'limit' }, limit),
    timeoutMs: checkWholeNumber({ operation: OPERATION, name: 'timeoutMs' }, timeoutMs, 1),
    explain,
  };
}

function isSqlValue(value: unknown): value is SqlValue {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value;
  if (typeof value === 'number') return !Number.isNaN(value);
  return value === null || value instanceof Uint8Array;
}

function runGuarded(connection: SqliteConnection, query: CheckedQuery): SqlResult {
  const { durable } = connection;
  const deadline = performance.now() + query.timeoutMs;
  let refusedAction: string | undefined;
  const guard: StatementGuard = {
    authorize(action, name, detail) {
      const isAllowed = READING_ACTIONS.has(action) || (action === Action.PRAGMA && tells(name, detail));
      if (!isAllowed && action === Action.PRAGMA) refusedAction ??= `PRAGMA ${name}`;
      return isAllowed;
    },
    shouldStop: () => performance.now() >= deadline,
  };
  try {
    return durable.guarded(guard, () => read(durable.database, query));
  } catch (error) {
    throw meaningOf(error, query, refusedAction);
  }
}

function tells(pragma: string | undefined, argument: string | undefined): boolean {
  const name = pragma?.toLowerCase() ?? '';
  return TELLING_PRAGMAS.has(name) || (argument === undefined && SETTABLE_PRAGMAS.has(name));
}

function read(database: SqlJsDatabase, query: CheckedQuery): SqlResult {
  const text = onlyStatement(database, query.sql);
  const statement = database.prepare(query.explain ? `EXPLAIN QUERY PLAN ${text}` : text);
  try {
    const columns = statement.getColumnNames();
    if (columns.length === 0) throw refused('It returns no rows');
    bindAll(statement, query.parameters);
    return { columns, ...readRows(statement, query.limit) };
  } finally {
    statement.free();
  }
}

/** Finds the text of the one statement. Preparing it has it refused if it writes. */
function onlyStatement(database: SqlJsDatabase, sql: string): string {
  const statements = database.iterateStatements(sql);
  const first = statements.next();
  if (first.done) throw refused('There is none');
  const text = first.value.getSQL();
  let count = 1;
  // To the end, because the iterator then frees the text.
  while (!statements.next().done) count++;
  if (count > 1) throw refused(`There are ${count} statements`);
  return text;
}

/** Binds values, as many as the statement has parameters. sql.js takes fewer values, and binds NULL to the rest. */
function bindAll(statement: SqlJsStatement, values: readonly SqlValue[]): void {
  const { length } = values;
  if (hasParameters(statement, length + 1)) throw refused(`It has more parameters than values (${length})`);
  if (!hasParameters(statement, length)) throw refused(`It has fewer parameters than values (${length})`);
  bind(statement, values);
}

/** True when a statement has at least so many parameters. Zeros tell: sql.js calls nothing to bind NULL. */
function hasParameters(statement: SqlJsStatement, count: number): boolean {
  try {
    bind(statement, Array<number>(count).fill(0));
    return true;
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.RANGE) throw error;
    return false;
  }
}

function readRows(statement: SqlJsStatement, limit: number): Pick<SqlResult, 'rows' | 'hasMore'> {
  const rows: SqlValue[][] = [];
  let size = 0;
  while (rows.length < limit && size < MAX_RESULT_SIZE) {
    if (!statement.step()) return { rows, hasMore: false };
    const row = exactRow(statement);
    rows.push(row);
    for (const value of row)
      size += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  }
  return { rows, hasMore: hasNext(statement) };
}

/** True when a row follows; also when the time is over while it is looked for, because the rows wanted are there. */
function hasNext(statement: SqlJsStatement): boolean {
  try {
    return statement.step();
  } catch (error) {
    if (resultCodeOf(error) === ResultCode.INTERRUPT) return true;
    throw error;
  }
}

function meaningOf(error: unknown, { timeoutMs }: CheckedQuery, refusedAction: string | undefined): unknown {
  const resultCode = resultCodeOf(error);
  if (resultCode === ResultCode.INTERRUPT) {
    return new PersistenceError('TIMEOUT', `The query did not end within ${timeoutMs} ms`, {
      operation: OPERATION,
      cause: error,
      hint: 'Look at its plan with `explain`, narrow it down, or give it more time.',
    });
  }
  if (resultCode === ResultCode.AUTH)
    return refused(
      refusedAction === undefined ? 'It does more than that' : `${refusedAction} may write`,
      error,
    );
  if (!STATEMENT_FAULTS.has(resultCode)) return error;
  return new PersistenceError('INVALID_ARGUMENT', `Invalid sql: ${(error as Error).message}`, {
    operation: OPERATION,
    cause: error,
  });
}

function refused(reason: string, cause?: unknown): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    `Invalid sql: only one statement that reads is allowed. ${reason}`,
    { operation: OPERATION, cause },
  );
}

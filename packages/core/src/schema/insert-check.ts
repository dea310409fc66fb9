/**
 * Checks that further columns let rows be inserted. Only SQLite knows the value of a computed default, and if a STRICT table
 * takes it. So a row is inserted into an empty temporary table of the same definition; the database stays as it is.
 */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { insertSql } from '../tables/table.ts';
import type { StoredColumn } from './column-check.ts';
import { REMAKE_TABLE, type SchemaProblem } from './schema-problem.ts';

/** Beginning of every definition of a table, as SQLite stores it (https://www.sqlite.org/schematab.html). */
const CREATE_TABLE = 'CREATE TABLE ';

const SAMPLES: Readonly<Record<NonNullable<StoredColumn['holds']>, string | number>> = {
  text: 'x',
  time: '2000-01-01 00:00:00',
  number: 1,
};

/**
 * Tries an insert. The caller has checked that the table's code is harmless.
 * @returns the problem, or undefined
 */
export function findInsertProblem(
  connection: SqliteConnection,
  table: string,
  columns: readonly StoredColumn[],
): SchemaProblem | undefined {
  const [count] = connection.get('SELECT count(*) FROM pragma_table_xinfo(?)', [table]) ?? [];
  if (count === columns.length) return undefined;
  const [definition] =
    connection.get("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", [
      table,
    ]) ?? [];
  const text = String(definition);
  if (!text.startsWith(CREATE_TABLE)) {
    return { reason: `the definition of the table ${table} is not one that SQLite stores` };
  }
  // Runs the first statement only, as SQLite does when it reads the definition.
  connection.run(`CREATE TEMP TABLE ${text.slice(CREATE_TABLE.length)}`);
  try {
    connection.run(
      insertSql({ name: `temp.${table}`, columns }),
      columns.map(({ holds = 'text' }) => SAMPLES[holds]),
    );
    return undefined;
  } catch (error) {
    if (resultCodeOf(error) !== ResultCode.CONSTRAINT) throw error;
    return {
      reason: `the table ${table} takes no row without values for its further columns (${(error as Error).message})`,
      wayOut: REMAKE_TABLE,
    };
  } finally {
    connection.run(`DROP TABLE temp.${table}`);
  }
}

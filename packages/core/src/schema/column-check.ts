/**
 * Checks that columns take what this program stores and keep it. A table that another program made may have a declared
 * type that turns the text `007` into the number 7 (type affinity, https://www.sqlite.org/datatype3.html#type_affinity),
 * or a collating sequence for which `alpha` and `Alpha` are the same id. It may also demand values that this program does
 * not have. SQLite itself tells all of it: EXPLAIN lists type and collation for a comparison, a pragma the rest.
 */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Column } from '../tables/table.ts';
import { REMAKE_TABLE, type SchemaProblem } from './schema-problem.ts';

/** The properties of a column that decide how it is stored. */
export type StoredColumn = Pick<Column, 'column' | 'holds' | 'optional' | 'addedIn'>;

/** Affinities, as the operand p5 of a comparison names them (`SQLITE_AFF_…` in sqliteInt.h). */
const AFFINITY_MASK = 0x47;
const BLOB_AFFINITY = 0x41;
const TEXT_AFFINITY = 0x42;

/** Types of a STRICT table (https://www.sqlite.org/stricttables.html) that take a kind of values. */
const STRICT_TYPES: Readonly<Record<NonNullable<Column['holds']>, RegExp>> = {
  text: /^(?:TEXT|ANY)$/i,
  time: /^(?:TEXT|ANY)$/i,
  number: /^(?:INT|INTEGER|REAL|ANY)$/i,
};

/** A default that depends on the time, and one that always is a time. */
const MENTIONS_NOW = /current_(?:date|time)/i;
const IS_NOW = /^[\s(]*current_(?:date|time|timestamp)[\s)]*$/i;

interface DeclaredColumn {
  readonly name: string;
  readonly type: string;
  readonly mustNotBeNull: boolean;
  readonly defaultValue: string;
  readonly isGenerated: boolean;
  /** True for an INTEGER PRIMARY KEY, which stands for the rowid. */
  readonly isRowid: boolean;
}

/** @returns the first column that refuses, changes or confuses values, or undefined */
export function findColumnProblem(
  connection: SqliteConnection,
  table: string,
  columns: readonly StoredColumn[],
): SchemaProblem | undefined {
  const problem =
    findLossyColumn(connection, table, columns) ?? findRefusingColumn(connection, table, columns);
  return problem === undefined
    ? undefined
    : { reason: `in the table ${table}, the column ${problem}`, wayOut: REMAKE_TABLE };
}

function findLossyColumn(
  connection: SqliteConnection,
  table: string,
  columns: readonly StoredColumn[],
): string | undefined {
  const comparisons = connection
    .explain(`SELECT ${columns.map(({ column }) => `${column} = ?`).join(', ')} FROM ${table}`)
    .filter(({ opcode }) => opcode === 'Eq');
  for (const [index, { column, holds = 'text' }] of columns.entries()) {
    const { p4 = '', p5 = 0 } = comparisons[index] ?? {};
    const affinity = p5 & AFFINITY_MASK;
    if (holds === 'text') {
      if (affinity !== TEXT_AFFINITY && affinity !== BLOB_AFFINITY)
        return `${column} turns text into numbers`;
      // The collating sequence is followed by the encoding: BINARY-8.
      if (!p4.startsWith('BINARY-')) return `${column} compares text by ${p4.replace(/-\w+$/, '')}`;
    }
    if (holds === 'number' && affinity === TEXT_AFFINITY) return `${column} turns numbers into text`;
  }
  return undefined;
}

function findRefusingColumn(
  connection: SqliteConnection,
  table: string,
  columns: readonly StoredColumn[],
): string | undefined {
  const own = new Map(columns.map((column) => [column.column, column]));
  const isStrict = connection.get('SELECT strict FROM pragma_table_list(?)', [table])?.[0] === 1;
  for (const declared of declaredColumns(connection, table)) {
    const { name, type, mustNotBeNull, isRowid } = declared;
    const column = own.get(name);
    const shown = JSON.stringify(name);
    if (column === undefined) {
      if (/^rowid$/i.test(name) && !isRowid) return `${shown} hides the rowid of SQLite`;
      const takesOnly = isStrict && !/^ANY$/i.test(type) ? `takes only ${type}` : undefined;
      const limit = mustNotBeNull ? 'must not be NULL' : takesOnly;
      if (limit === undefined || isRowid) continue;
      if (declared.isGenerated) return `${shown} is computed and ${limit}`;
      if (MENTIONS_NOW.test(declared.defaultValue) && !IS_NOW.test(declared.defaultValue))
        return `${shown} has a default that depends on the time and ${limit}`;
      continue;
    }
    const { holds = 'text', optional } = column;
    if (isRowid) return `${name} stands for the rowid of SQLite`;
    if (mustNotBeNull && optional) return `${name} must not be NULL, but not every row has a value for it`;
    if (isStrict && !STRICT_TYPES[holds].test(type)) return `${name} takes only ${type}`;
  }
  return undefined;
}

function declaredColumns(connection: SqliteConnection, table: string): DeclaredColumn[] {
  return connection
    .all(
      `SELECT name, type, "notnull", dflt_value, hidden,
          pk AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk')
         FROM pragma_table_xinfo(?1)`,
      [table],
    )
    .map(([name, type, notNull, defaultValue, hidden, isRowid]) => ({
      name: String(name),
      type: String(type),
      mustNotBeNull: notNull === 1,
      defaultValue: String(defaultValue ?? ''),
      isGenerated: hidden !== 0,
      isRowid: isRowid === 1,
    }));
}

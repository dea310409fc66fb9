/** Filters of a query: their checks, and their conditions as SQL with bound values. */
import type { DurationOrder, RowFilters, RowOrder } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { checkRequired, checkText, invalid, type Field } from '../validation/arguments.ts';
import { checkJsonCondition, type JsonCondition } from '../validation/json-condition.ts';
import { LAST_CHARACTER, type AgentFilter } from '../validation/like-pattern.ts';
import type { AnyTable, FilterOption } from './table.ts';

/** A condition, and its bound values. */
export interface SqlCondition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** A condition on one column that an index finds. */
export interface ColumnCondition {
  readonly column: string;
  readonly isIndexed: boolean;
  /** Makes the condition. `+column` keeps SQLite from using the index. */
  readonly on: (column: string) => SqlCondition;
}

/** Filters of a query beyond agent and period. */
export interface RowConditions {
  readonly columns: readonly ColumnCondition[];
  /** Conditions on the content, which reads it. */
  readonly content: readonly SqlCondition[];
}

/** Order of the rows of a query. */
export type QueryOrder = RowOrder | DurationOrder;

/** Filters and order of a query. Times are in this program's form. */
export interface RowFilter {
  readonly agent: AgentFilter;
  /** Only rows of this time or later. */
  readonly since?: string | undefined;
  /** Only rows before this time. */
  readonly until?: string | undefined;
  /** @default every row */
  readonly conditions?: RowConditions | undefined;
  /** @default 'newest-first' */
  readonly order?: QueryOrder | undefined;
}

/** True for an order that begins with the least time or duration. */
export function isAscending(order: QueryOrder | undefined): boolean {
  return order === 'oldest-first' || order === 'shortest-first';
}

/** True for an order by duration. */
export function isByDuration(order: QueryOrder | undefined): boolean {
  return order === 'longest-first' || order === 'shortest-first';
}

/** Number of values of one filter. Each makes the statement longer, and SQLite keeps statements. */
const MAX_VALUES = 16;

const FILTER_OPTIONS: readonly FilterOption[] = [
  'status',
  'agentType',
  'execution',
  'operation',
  'operationType',
];

/** Checks the filters beyond agent and period. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkConditions(operation: string, table: AnyTable, filters: RowFilters): RowConditions {
  const columns = FILTER_OPTIONS.flatMap((option): ColumnCondition[] => {
    const given: unknown = filters[option];
    if (given === undefined) return [];
    const filtered = table.filterColumns[option];
    if (filtered === undefined) {
      throw new PersistenceError('INVALID_ARGUMENT', `Rows of ${table.name} have no ${option} to filter by`, {
        operation,
      });
    }
    const field = { operation, name: option };
    const on = option === 'status' ? oneOf(checkSeveral(field, given)) : textMatch(field, given);
    return [{ column: filtered.column, isIndexed: filtered.isIndexed ?? false, on }];
  });
  const { text, where } = filters;
  const content: SqlCondition[] = [];
  if (text !== undefined)
    content.push(containsText(table, checkSearchedText({ operation, name: 'text' }, text)));
  if (where !== undefined) {
    const field = { operation, name: 'where' };
    for (const condition of checkSeveral(field, where)) {
      content.push(jsonCondition(table.jsonColumn, checkJsonCondition(field, condition)));
    }
  }
  return { columns, content };
}

/** Checks one text or several. */
function checkSeveral(field: Field, given: unknown): readonly string[] {
  const several: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (several.length === 0 || several.length > MAX_VALUES) {
    throw invalid(field, given, `a text, or a list of at most ${MAX_VALUES} texts`);
  }
  return several.map((value) => {
    checkRequired(field.operation, { [field.name]: value });
    return checkText(field, value);
  });
}

function checkSearchedText(field: Field, given: unknown): string {
  checkRequired(field.operation, { [field.name]: given });
  return checkText(field, given);
}

function oneOf(values: readonly string[]): ColumnCondition['on'] {
  return (column) => ({ sql: `${column} IN (${values.map(() => '?').join(', ')})`, values });
}

/** Makes the condition for a whole text, or for its beginning with `*` at the end. */
function textMatch(field: Field, given: unknown): ColumnCondition['on'] {
  const text = checkSearchedText(field, given);
  if (text.endsWith(String.raw`\*`)) return oneOf([`${text.slice(0, -2)}*`]);
  if (!text.endsWith('*')) return oneOf([text]);
  const beginning = text.slice(0, -1);
  return (column) => ({
    sql: `${column} >= ? AND ${column} < ?`,
    values: [beginning, beginning + LAST_CHARACTER],
  });
}

/** `lower` and `instr` go by the length of a text, so it may hold NUL. Both leave letters beyond ASCII as they are. */
function containsText({ textColumns }: AnyTable, text: string): SqlCondition {
  const searched = text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const found = textColumns.map(
    (column) => `(typeof(${column}) = 'text' AND instr(lower(${column}), ?) > 0)`,
  );
  return { sql: `(${found.join(' OR ')})`, values: textColumns.map(() => searched) };
}

/**
 * SQLite's JSON functions fail for what is not JSON. CASE keeps it from calling them before the check. They read a text up to
 * its first NUL, which no JSON has.
 */
function jsonCondition(column: string, condition: JsonCondition): SqlCondition {
  const { sql, values } = pathCondition(column, condition);
  return {
    sql: `CASE WHEN typeof(${column}) = 'text' AND json_valid(${column}) AND instr(${column}, char(0)) = 0 THEN ${sql} ELSE 0 END`,
    values,
  };
}

function pathCondition(column: string, { path, comparison, value }: JsonCondition): SqlCondition {
  const type = `json_type(${column}, ?)`;
  if (comparison === undefined) return { sql: `${type} IS NOT NULL`, values: [path] };
  if (typeof value === 'boolean' || value === null) {
    return { sql: `${type} ${comparison} ?`, values: [path, String(value)] };
  }
  const types = typeof value === 'string' ? `= 'text'` : `IN ('integer', 'real')`;
  const compared = comparison === '!=' ? '=' : comparison;
  const sql = `(${type} ${types} AND json_extract(${column}, ?) ${compared} ${parameterFor(value)})`;
  return comparison === '!='
    ? { sql: `(${type} IS NOT NULL AND NOT ${sql})`, values: [path, path, path, value] }
    : { sql, values: [path, path, value] };
}

/** Makes the parameter of a value. A bigint is bound as text, which only a column of integers turns back. */
export function parameterFor(value: SqlValue): string {
  return typeof value === 'bigint' ? 'CAST(? AS INTEGER)' : '?';
}

/** Makes the conditions beyond agent and period. Only the selective one may use an index. */
export function rowConditions({ conditions }: RowFilter, selective?: ColumnCondition): SqlCondition[] {
  if (conditions === undefined) return [];
  const columns = conditions.columns.map((condition) =>
    condition.on(condition === selective ? condition.column : `+${condition.column}`),
  );
  return [...columns, ...conditions.content];
}

/** Number of rows up to which an index finds them all and they are sorted then. Beyond it, rows are read in order. */
export const FEW_ROWS = 5000;

/** Finds the condition that the fewest rows pass, if an index says that they are few. */
export function selectiveCondition(
  connection: SqliteConnection,
  table: AnyTable,
  columns: readonly ColumnCondition[],
): ColumnCondition | undefined {
  let best: ColumnCondition | undefined;
  let fewest = FEW_ROWS + 1;
  for (const condition of columns.filter(({ isIndexed }) => isIndexed)) {
    const { sql, values } = condition.on(condition.column);
    const [rows] = connection.get(
      `SELECT count(*) FROM (SELECT 1 FROM ${table.name} WHERE ${sql} LIMIT ${FEW_ROWS + 1})`,
      values,
    ) ?? [0];
    if (Number(rows) < fewest) [best, fewest] = [condition, Number(rows)];
  }
  return best;
}

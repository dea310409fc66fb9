import type { DurationOrder, ReceiptQuery, RowFilters, RowOrder, TableName } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { encodeJsonValue, parseJsonRow, toBase64 } from '../exports/json-values.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { TABLES } from '../tables/index.ts';
import { countRows } from '../tables/count-rows.ts';
import { BATCH_BYTES, readInOrder, type Cursor, type RowBatch } from '../tables/keyset-pagination.ts';
import { TextBytes } from '../tables/stored-bytes.ts';
import { checkConditions, type QueryOrder, type RowFilter } from '../tables/row-filter.ts';
import type { AnyTable, RowMethod } from '../tables/table.ts';
import { checkChoice, checkFields, checkText, checkWholeNumber, invalid } from '../validation/arguments.ts';
import { checkAgent } from '../validation/like-pattern.ts';
import { checkPeriodEnd } from '../validation/period.ts';
import { daysBefore } from '../validation/timestamps.ts';

const ROW_ORDERS: readonly RowOrder[] = ['newest-first', 'oldest-first'];
const DURATION_ORDERS: readonly DurationOrder[] = ['longest-first', 'shortest-first'];

/** Filters of any table. */
export interface AnyFilters extends RowFilters {
  readonly days?: number;
}

/** A query of any table, as it is given. */
export interface AnyQuery extends AnyFilters, Pick<ReceiptQuery, 'order' | 'limit' | 'after'> {}

/** A query whose options have been checked: the table, the rows and how many of them. */
export interface CheckedQuery {
  readonly table: AnyTable;
  readonly filter: RowFilter;
  readonly limit: number;
  /** Where the query begins. @default at the first row */
  readonly start?: Cursor | undefined;
  /** The moment from which its spans and days are counted. */
  readonly now: Date;
  /** Class of the bytes of texts that are not UTF-8. @default the one that a BLOB has */
  readonly textBytes?: typeof Uint8Array | undefined;
}

/** Checks the options of a query. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkQuery(method: RowMethod, given: AnyQuery, now: Date): CheckedQuery {
  const table = tableOf(method);
  const query = checkFields({ operation: method, name: 'query' }, given);
  const { defaultLimit = Infinity, defaultDays } = table.query;
  const order = checkOrder(method, table, query.order);
  const filter = { ...checkFilters(method, table, query, now, defaultDays), order };
  const limit =
    query.limit === undefined
      ? defaultLimit
      : checkWholeNumber({ operation: method, name: 'limit' }, query.limit);
  const start = query.after === undefined ? undefined : decodeCursor(method, query.after, table.name, order);
  return { table, filter, limit, start, now };
}

/** Checks which rows to export. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkExport(operation: string, table: AnyTable, given: AnyQuery, now: Date): CheckedQuery {
  const order = checkOrder(operation, table, given.order);
  return { table, filter: { ...checkFilters(operation, table, given, now), order }, limit: Infinity, now };
}

function checkOrder(operation: string, table: AnyTable, order: QueryOrder = 'newest-first'): QueryOrder {
  const orders = [...ROW_ORDERS, ...(table.durationColumn === undefined ? [] : DURATION_ORDERS)];
  return checkChoice({ operation, name: 'order' }, order, orders);
}

/**
 * Checks the filters of a query, a count or an export.
 * @param defaultDays - days to look back where no period is given. @default every row
 * @throws {PersistenceError} INVALID_ARGUMENT
 */
export function checkFilters(
  operation: string,
  table: AnyTable,
  given: AnyFilters,
  now: Date,
  defaultDays?: number,
): RowFilter {
  const filters = checkFields({ operation, name: 'filters' }, given);
  const { since, until } = filters;
  const days = table.query.defaultDays === undefined ? undefined : filters.days;
  if (days !== undefined && since !== undefined) {
    throw new PersistenceError('INVALID_ARGUMENT', 'days and since exclude each other', { operation });
  }
  const lookBack = since === undefined && until === undefined ? (days ?? defaultDays) : days;
  return {
    agent: checkAgent(operation, filters),
    since:
      since === undefined
        ? daysBack(operation, lookBack, now)
        : checkPeriodEnd({ operation, name: 'since' }, since, now),
    until: until === undefined ? undefined : checkPeriodEnd({ operation, name: 'until' }, until, now),
    conditions: checkConditions(operation, table, filters),
  };
}

/**
 * Reads the next rows of a query.
 * @param batchRows - rows at most, and fewer when they are large; undefined for all that are left of the query
 */
export async function readBatch<Row>(
  connection: SqliteConnection,
  queue: OperationQueue,
  operation: string,
  { table, filter, limit, start, now, textBytes }: CheckedQuery,
  batchRows: number = Infinity,
  cursor: Cursor | undefined = start,
): Promise<RowBatch<Row>> {
  const left = limit - (cursor?.consumed ?? 0);
  const wanted = Math.min(left, batchRows);
  if (wanted <= 0)
    return { rows: [], nextCursor: undefined, endCursor: encodeCursor(cursor, table.name, filter.order) };
  // Who asks for all rows at once has to have memory for them.
  const enoughBytes = batchRows === Infinity ? Infinity : BATCH_BYTES;
  const batch = await queue.enqueueRead(operation, () =>
    readInOrder<Row>(connection, table, filter, wanted, cursor, textBytes, enoughBytes),
  );
  const nextCursor = batch.nextCursor && { ...batch.nextCursor, startedAtMs: now.getTime() };
  const endCursor = nextCursor && encodeCursor(nextCursor, table.name, filter.order);
  return { rows: batch.rows, endCursor, nextCursor: batch.rows.length === left ? undefined : nextCursor };
}

/** Counts the rows that a query without a limit returns. */
export async function countFiltered(
  connection: SqliteConnection,
  queue: OperationQueue,
  operation: string,
  method: RowMethod,
  filters: AnyFilters,
  now: Date,
): Promise<number> {
  const table = tableOf(method);
  const filter = checkFilters(operation, table, filters, now, table.query.defaultDays);
  return queue.enqueueRead(operation, () => connection.snapshot(() => countRows(connection, table, filter)));
}

function daysBack(operation: string, days: number | undefined, now: Date): string | undefined {
  return days === undefined ? undefined : checkDays(operation, days, now);
}

/** Checks a number of days. @returns the time that many days before `now`, as stored */
export function checkDays(operation: string, days: number, now: Date): string {
  return daysBefore(now, checkWholeNumber({ operation, name: 'days' }, days));
}

function tableOf(method: RowMethod): AnyTable {
  const found = TABLES.find(({ query }) => query.method === method);
  if (!found) throw new RangeError(`no table for ${method}`);
  return found;
}

/** Writes a position as text: what sorts the rows, and the value and the rowid of the last one; without one, the beginning. */
function encodeCursor(
  cursor: Cursor | undefined,
  table: TableName,
  order: QueryOrder = 'newest-first',
): string {
  const position = cursor === undefined ? '"begin":1' : encodePosition(cursor);
  const json = `{"order":${JSON.stringify(`${table} ${order}`)},${position}}`;
  return toBase64(new TextEncoder().encode(json))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function encodePosition({ sortKey, isTextBytes, rowid }: Cursor): string {
  const key = isTextBytes === true && sortKey instanceof Uint8Array ? new TextBytes(sortKey) : sortKey;
  return `"sortKey":${encodeJsonValue(key)},"rowid":${encodeJsonValue(rowid)}`;
}

/** Reads a position; undefined for the beginning. @throws {PersistenceError} INVALID_ARGUMENT for text of another table or order, or of none */
function decodeCursor(
  operation: string,
  given: unknown,
  table: TableName,
  order: QueryOrder,
): Cursor | undefined {
  const field = { operation, name: 'after' };
  const text = checkText(field, given);
  const position = parsePosition(text);
  if (position?.['order'] !== `${table} ${order}`) {
    throw invalid(field, text, 'the nextCursor of a query of the same table in the same order');
  }
  const { begin, sortKey = null, rowid } = position;
  if (begin === 1) return undefined;
  if (!isRowid(rowid) || !isSortKey(sortKey)) throw invalid(field, text, 'the nextCursor of a query');
  return { sortKey, isTextBytes: sortKey instanceof TextBytes, rowid, consumed: 0 };
}

function isRowid(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

function isSortKey(value: unknown): value is SqlValue {
  return value === null || value instanceof Uint8Array || /^(?:string|number|bigint)$/.test(typeof value);
}

function parsePosition(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const position = parseJsonRow(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof position === 'object' && position !== null ? { ...position } : undefined;
  } catch {
    return undefined;
  }
}

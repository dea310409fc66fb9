import type { AuditQuery, RowOrder } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { TABLES } from '../tables/index.ts';
import { readInTimeOrder, type Cursor, type RowBatch, type RowFilter } from '../tables/keyset-pagination.ts';
import type { AnyTable, RowMethod } from '../tables/table.ts';
import { checkChoice, checkWholeNumber } from '../validation/arguments.ts';
import { checkAgent } from '../validation/like-pattern.ts';
import { daysBefore } from '../validation/timestamps.ts';

const ROW_ORDERS: readonly RowOrder[] = ['newest-first', 'oldest-first'];

/** A query whose options have been checked: the table, the rows and how many of them. */
export interface CheckedQuery {
  readonly table: AnyTable;
  readonly filter: RowFilter;
  readonly limit: number;
}

/** Checks the options of a query. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkQuery(method: RowMethod, query: AuditQuery, now: Date): CheckedQuery {
  const table = tableOf(method);
  const { defaultLimit, defaultDays } = table.query;
  const order = checkChoice({ operation: method, name: 'order' }, query.order ?? 'newest-first', ROW_ORDERS);
  const filter = { agent: checkAgent(method, query), order };
  const limit =
    defaultLimit === undefined
      ? Infinity
      : checkWholeNumber({ operation: method, name: 'limit' }, query.limit ?? defaultLimit);
  if (defaultDays === undefined) return { table, filter, limit };
  return { table, filter: { ...filter, since: checkDays(method, query.days ?? defaultDays, now) }, limit };
}

/** Reads the next rows of a query. @param batchRows - rows at most; undefined for all that are left of the query */
export async function readBatch<Row>(
  connection: SqliteConnection,
  queue: OperationQueue,
  operation: string,
  { table, filter, limit }: CheckedQuery,
  batchRows: number = Infinity,
  cursor?: Cursor,
): Promise<RowBatch<Row>> {
  const left = limit - (cursor?.consumed ?? 0);
  const wanted = Math.min(left, batchRows);
  if (wanted <= 0) return { rows: [], nextCursor: undefined };
  const batch = await queue.enqueueRead(operation, () =>
    readInTimeOrder<Row>(connection, table, filter, wanted, cursor),
  );
  return batch.rows.length === left ? { ...batch, nextCursor: undefined } : batch;
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

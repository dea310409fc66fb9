/** The first rows of a table, read as soon as the database is open, while the page is still being rendered. */
import type { Persistence, TableName } from '@ggen-sim/core';
import { databaseReady } from '../database/database.ts';

interface RowsAhead {
  readonly key: string;
  readonly persistence: Persistence;
  readonly rows: AsyncIterable<unknown>;
  /** Ends the watch for commits, after which the rows are not the current ones. */
  readonly unsubscribe: () => void;
}

let ahead: RowsAhead | undefined;

/**
 * Begins to read the rows of a query.
 * @param key - tells the queries of all tables apart
 */
export async function readRowsAhead(
  key: string,
  table: TableName,
  query: (persistence: Persistence) => AsyncIterable<unknown>,
): Promise<void> {
  const persistence = await databaseReady;
  const unsubscribe = persistence.subscribe(({ tables }) => {
    if (tables.includes(table)) forget();
  });
  ahead = { key, persistence, rows: begun(query(persistence)), unsubscribe };
}

/** Returns the rows that were read ahead, once, if they are those of the query. */
export function takeRowsAhead<Row>(key: string, persistence: Persistence): AsyncIterable<Row> | undefined {
  const taken = ahead;
  forget();
  if (taken?.key !== key || taken.persistence !== persistence) return undefined;
  return taken.rows as AsyncIterable<Row>;
}

function forget(): void {
  ahead?.unsubscribe();
  ahead = undefined;
}

/** Asks for the first row, with which a batch of rows comes. */
function begun<Row>(rows: AsyncIterable<Row>): AsyncIterable<Row> {
  const iterator = rows[Symbol.asyncIterator]();
  const first = iterator.next();
  // Who takes the rows is told why there are none.
  first.catch(() => undefined);
  let next = (): Promise<IteratorResult<Row>> => {
    next = () => iterator.next();
    return first;
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => next() }) };
}

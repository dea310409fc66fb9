/** Rowids that a stream asks for next, found once for many batches where finding them reads many more rows than a batch has. */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Rowid } from './foreign-times.ts';

interface ReadAhead {
  readonly query: string;
  readonly changeCounter: number;
  readonly rowids: readonly Rowid[];
  /** True when no more rows follow. */
  readonly isLast: boolean;
  /** Where the latest batch began in `rowids`, and the row before it. */
  readonly start: number;
  readonly before: Rowid;
}

/** The latest stream of each connection. */
const READ_AHEAD: WeakMap<SqliteConnection, ReadAhead> = new WeakMap();

/**
 * Returns the rowids of the batch after a row. The caller may read fewer of them, and go on after the last one that it read.
 * @param query - tells queries of other rows or of another order apart
 * @param batches - batches whose rowids are found at once
 * @param find - finds the first rowids after the row, at most so many
 */
export function readAhead(
  connection: SqliteConnection,
  query: string,
  { limit, batches, after }: { readonly limit: number; readonly batches: number; readonly after: Rowid },
  find: (limit: number) => Rowid[],
): readonly Rowid[] {
  const changeCounter = connection.durable.changeCounter();
  let known = READ_AHEAD.get(connection);
  let start = -1;
  if (known?.query === query && known.changeCounter === changeCounter) start = startAfter(known, after);
  const fits = start >= 0 && known !== undefined && (known.isLast || known.rowids.length - start >= limit);
  if (!fits) {
    const wanted = limit * batches;
    const rowids = find(wanted);
    start = 0;
    known = { query, changeCounter, rowids, isLast: rowids.length < wanted, start, before: after };
  }
  const { rowids } = known as ReadAhead;
  READ_AHEAD.set(connection, { ...(known as ReadAhead), start, before: after });
  return rowids.slice(start, start + limit);
}

/** Finds where the rowids after a row begin; -1 for a row that the latest batch did not have. */
function startAfter({ rowids, start, before }: ReadAhead, after: Rowid): number {
  if (after === before) return start;
  const index = rowids.indexOf(after, start);
  return index === -1 ? -1 : index + 1;
}

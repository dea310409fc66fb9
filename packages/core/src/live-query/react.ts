/** A hook for React. */
import { useEffect, useState } from 'react';
import type { Persistence, TableName } from '../api/persistence.ts';
import { NO_RESULT, watchQuery, type LiveResult } from './watch-query.ts';

export type { LiveResult } from './watch-query.ts';

/**
 * Runs a query now and again after every commit to its tables, from this tab or another. A burst of commits costs few
 * queries.
 * @param tables - the tables that the query reads
 * @param dependencies - values that the query uses, as for `useEffect`: it runs again when one of them changes
 *
 * @example
 * const { value: latest = [], error } = useLiveQuery(db, () => db.queryReceipts({ agent }), ['receipts'], [agent]);
 */
export function useLiveQuery<T>(
  persistence: Persistence,
  query: (persistence: Persistence) => PromiseLike<T>,
  tables: readonly TableName[],
  dependencies: readonly unknown[] = [],
): LiveResult<T> {
  const [result, setResult] = useState<LiveResult<T>>(NO_RESULT);
  useEffect(
    () => watchQuery(persistence, query, tables, setResult),
    [persistence, tables.join(), ...dependencies],
  );
  return result;
}

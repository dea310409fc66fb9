import type { Persistence, TableName } from '@ggen-sim/core';
import { useEffect, useState } from 'react';
import { coalesce } from './coalesce.ts';
import { reportDatabaseFailure } from './database.ts';
import type { Failure } from './failure.ts';
import { usePersistence } from './persistence-context.ts';

/** The current result of a query. */
export interface LiveQuery<T> {
  /** The latest result, kept while a newer query runs. `undefined` until the first query has ended. */
  readonly value: T | undefined;
  readonly failure: Failure | undefined;
}

/**
 * Runs a query now and again after every commit to its tables, from this tab or another. Queries are coalesced, so a
 * burst of commits costs few queries.
 *
 * @param query - must be stable: module scope or `useCallback`
 * @param tables - the tables that the query depends on; must be stable
 */
export function useLiveQuery<T>(
  query: (persistence: Persistence) => Promise<T>,
  tables: readonly TableName[],
): LiveQuery<T> {
  const persistence = usePersistence();
  const [result, setResult] = useState<LiveQuery<T>>({ value: undefined, failure: undefined });
  useEffect(() => {
    const ended = new AbortController();
    const run = coalesce(async () => {
      if (ended.signal.aborted) return;
      try {
        const value = await query(persistence);
        if (!ended.signal.aborted) setResult({ value, failure: undefined });
      } catch (error) {
        if (!ended.signal.aborted)
          setResult(({ value }) => ({ value, failure: reportDatabaseFailure(error) }));
      }
    });
    run();
    const unsubscribe = persistence.subscribe((change) => {
      if (change.tables.some((table) => tables.includes(table))) run();
    });
    return () => {
      ended.abort();
      unsubscribe();
    };
  }, [persistence, query, tables]);
  return result;
}

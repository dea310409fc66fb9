import type { Persistence, TableName } from '@ggen-sim/core';
import { useLiveQuery as useStoredQuery } from '@ggen-sim/core/react';
import { useEffect, useMemo } from 'react';
import { reportDatabaseFailure } from './database.ts';
import { failureOf, type Failure } from './failure.ts';
import { usePersistence } from './persistence-context.ts';

/** The current result of a query. */
export interface LiveQuery<T> {
  /** The latest result, kept while a newer query runs. `undefined` until the first query has ended. */
  readonly value: T | undefined;
  readonly failure: Failure | undefined;
}

/**
 * Runs a query on the page's database now and again after every commit to its tables, and reports its failures.
 *
 * @param query - must be stable: module scope or `useCallback`
 * @param tables - the tables that the query depends on
 */
export function useLiveQuery<T>(
  query: (persistence: Persistence) => Promise<T>,
  tables: readonly TableName[],
): LiveQuery<T> {
  const { value, error } = useStoredQuery(usePersistence(), query, tables, [query]);
  useEffect(() => {
    if (error !== undefined) reportDatabaseFailure(error);
  }, [error]);
  const failure = useMemo(() => (error === undefined ? undefined : failureOf(error)), [error]);
  return { value, failure };
}

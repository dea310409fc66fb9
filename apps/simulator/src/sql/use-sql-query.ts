import type { SqlResult } from '@ggen-sim/core';
import { useEffect, useState } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import type { LimitedQuery } from './query-options.ts';

/** What came of a query. */
export interface QueryOutcome {
  /** The query that this is of; undefined before the first one. */
  readonly query: LimitedQuery | undefined;
  readonly running: boolean;
  /** Stays while the next query runs. */
  readonly result: SqlResult | undefined;
  readonly failure: Failure | undefined;
  readonly durationMs: number;
}

const NOTHING: QueryOutcome = {
  query: undefined,
  running: false,
  result: undefined,
  failure: undefined,
  durationMs: 0,
};

/**
 * Runs a query, and again whenever it is another one.
 *
 * @param repetition - another number runs the same query again
 */
export function useSqlQuery({ sql, limit, timeoutS }: LimitedQuery, repetition: number): QueryOutcome {
  const persistence = usePersistence();
  const [outcome, setOutcome] = useState<QueryOutcome>(NOTHING);
  useEffect(() => {
    if (sql === undefined) {
      setOutcome(NOTHING);
      return undefined;
    }
    const replaced = new AbortController();
    const { signal } = replaced;
    const run = async (): Promise<void> => {
      const query = { sql, limit, timeoutS };
      setOutcome((shown) => ({ ...shown, query, running: true, failure: undefined }));
      const startedMs = performance.now();
      try {
        const result = await persistence.querySql({ sql, limit, timeoutMs: timeoutS * 1000, signal });
        if (signal.aborted) return;
        const durationMs = performance.now() - startedMs;
        setOutcome({ query, running: false, result, failure: undefined, durationMs });
      } catch (error) {
        if (signal.aborted) return;
        const failure = reportDatabaseFailure(error);
        setOutcome({ query, running: false, result: undefined, failure, durationMs: 0 });
      }
    };
    void run();
    return () => replaced.abort();
  }, [persistence, sql, limit, timeoutS, repetition]);
  return outcome;
}

import type { Persistence, TableName } from '../api/persistence.ts';

/** The current result of a query. */
export interface LiveResult<T> {
  /** The latest result, kept while a newer query runs or fails. `undefined` until the first query has ended. */
  readonly value: T | undefined;
  /** What the last query failed with. `undefined` if it succeeded. */
  readonly error: unknown;
}

/** The result before the first query has ended. */
export const NO_RESULT: LiveResult<never> = { value: undefined, error: undefined };

/** Makes the next result from the one before, which a failed query keeps. */
export type NextResult<T> = (before: LiveResult<T>) => LiveResult<T>;

/**
 * Runs a query now and again after every commit to its tables, by this or another connection. One query runs at a time:
 * any number of commits meanwhile cause one more after it.
 * @param listener - called after every query, never after the end
 * @returns a function that ends it
 */
export function watchQuery<T>(
  persistence: Persistence,
  query: (persistence: Persistence) => PromiseLike<T>,
  tables: readonly TableName[],
  listener: (next: NextResult<T>) => void,
): () => void {
  const ended = new AbortController();
  let running = false;
  let requested = false;
  const resultOf = async (): Promise<NextResult<T>> => {
    try {
      const value = await query(persistence);
      return () => ({ value, error: undefined });
    } catch (error) {
      return ({ value }) => ({ value, error });
    }
  };
  const run = async (): Promise<void> => {
    requested = true;
    if (running) return;
    running = true;
    while (requested && !ended.signal.aborted) {
      requested = false;
      const next = await resultOf();
      if (!ended.signal.aborted) listener(next);
    }
    running = false;
  };
  const unsubscribe = persistence.subscribe((change) => {
    if (change.tables.some((table) => tables.includes(table))) void run();
  });
  void run();
  return () => {
    ended.abort();
    unsubscribe();
  };
}

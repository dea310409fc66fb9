/** A store for Svelte. It needs nothing of Svelte's code, only the contract of its stores. */
import type { Persistence, TableName } from '../api/persistence.ts';
import { NO_RESULT, watchQuery, type LiveResult } from './watch-query.ts';

export type { LiveResult } from './watch-query.ts';

/** A store as Svelte's `$name` reads it (https://svelte.dev/docs/svelte/stores#Store-contract). */
export interface LiveQuery<T> {
  /** Calls `run` at once and with every later result. @returns a function that ends it */
  subscribe(run: (result: LiveResult<T>) => void): () => void;
}

/**
 * Makes a store of a query's result. While it is subscribed, the query runs again after every commit to its tables, from
 * this tab or another. A burst of commits costs few queries.
 * @param query - runs later, when Svelte no longer notes what is read: take a component's values out of it, in
 * `$derived.by`, so that a changed one makes a new store
 * @param tables - the tables that the query reads
 *
 * @example
 * const latest = liveQuery(db, () => db.queryReceipts({ limit: 10 }), ['receipts']);
 * // in the markup: {#each $latest.value ?? [] as row (row.receiptId)}
 */
export function liveQuery<T>(
  persistence: Persistence,
  query: (persistence: Persistence) => PromiseLike<T>,
  tables: readonly TableName[],
): LiveQuery<T> {
  return {
    subscribe(run) {
      let result: LiveResult<T> = NO_RESULT;
      run(result);
      return watchQuery(persistence, query, tables, (next) => run((result = next(result))));
    },
  };
}

import { openPersistence, type Persistence } from '@ggen-sim/core';
import { useSyncExternalStore } from 'react';
import { failureOf, type Failure } from './failure.ts';

/** Where a page may keep its database: each of these places holds one of its own. */
export type KeptStorage = 'indexeddb' | 'opfs';

/** The place the page's address asks for: `?storage=opfs`, else IndexedDB. */
export function storageAskedFor(): KeptStorage {
  return new URLSearchParams(location.search).get('storage') === 'opfs' ? 'opfs' : 'indexeddb';
}

/** Name of the database that every tab of this page with the same storage shares. */
export const DATABASE_NAME = 'ggen';

/** How far opening the page's database has come. */
export type DatabaseState =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open'; readonly persistence: Persistence; readonly kept: boolean }
  /** It could not be opened, or what is stored was lost while it was open: nothing can go on as before. */
  | { readonly phase: 'failed'; readonly failure: Failure };

/** After one of these no later call on the same handle can succeed. */
const FATAL_CODES: ReadonlySet<string> = new Set([
  'STORAGE_RESET',
  'WORKER_GONE',
  'UNREADABLE_STORAGE',
  'CLOSED',
]);

let state: DatabaseState = { phase: 'opening' };
const listeners = new Set<() => void>();
const opened: PromiseWithResolversOf<Persistence> = withResolvers();

/** Resolves with the database once it is open; for as long as it cannot be opened, it waits. */
export const databaseReady: Promise<Persistence> = opened.promise;

/** The state now. */
export function databaseState(): DatabaseState {
  return state;
}

/** The state, in a component. */
export function useDatabaseState(): DatabaseState {
  return useSyncExternalStore(subscribe, databaseState);
}

/**
 * Opens the page's database.
 *
 * @param storage - `memory` only when the person asked for it: nothing is kept then
 */
export async function openDatabase(storage: KeptStorage | 'memory'): Promise<void> {
  become({ phase: 'opening' });
  try {
    const persistence = await openPersistence(
      storage === 'memory' ? { storage } : { storage, name: DATABASE_NAME },
    );
    become({ phase: 'open', persistence, kept: storage !== 'memory' });
    opened.resolve(persistence);
  } catch (error) {
    become({ phase: 'failed', failure: failureOf(error) });
  }
}

/**
 * Every failed call on the database passes here, so that a lost database is seen by the whole page at once.
 *
 * @returns what to show where the call was made
 */
export function reportDatabaseFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (state.phase === 'open' && FATAL_CODES.has(failure.code)) become({ phase: 'failed', failure });
  return failure;
}

function become(next: DatabaseState): void {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** What `Promise.withResolvers` answers, which is younger than the browsers this page runs in. */
interface PromiseWithResolversOf<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function withResolvers<Value>(): PromiseWithResolversOf<Value> {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

import {
  openPersistence,
  type ConnectionState,
  type EncryptionKey,
  type Persistence,
  type TableProblem,
} from '@ggen-sim/core';
import { failureOf, type Failure } from './failure.ts';
import { IS_STUDIO, studioToken, studioUrl } from './studio.ts';

/** Storages that keep a database in this browser. Each holds a separate database. */
export type PersistentStorage = 'indexeddb' | 'opfs';

/** Reads the storage from the page's URL: `?storage=opfs`, otherwise IndexedDB. */
export function storageFromUrl(): PersistentStorage {
  return new URLSearchParams(location.search).get('storage') === 'opfs' ? 'opfs' : 'indexeddb';
}

/** Name of the database, shared by all tabs with the same storage. */
export const DATABASE_NAME = 'ggen';

/** The program that has the database open for this page. */
export interface DatabaseServer {
  /** Path of the database file on this computer. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Tables that a database of another program lacks. */
  readonly tableProblems: readonly TableProblem[];
  /** Why the connection was lost; undefined while there is one. */
  readonly lost: string | undefined;
}

/** State of the page's database. */
export type DatabaseState =
  | { readonly phase: 'opening' }
  | {
      readonly phase: 'open';
      readonly persistence: Persistence;
      readonly persistent: boolean;
      readonly encrypted: boolean;
      /** Undefined for a database of this browser. */
      readonly server?: DatabaseServer;
    }
  /** The database could not be opened, or its data was lost while it was open. */
  | { readonly phase: 'failed'; readonly failure: Failure };

/** Codes after which every later call on the same handle fails too. */
const FATAL_CODES: ReadonlySet<string> = new Set([
  'STORAGE_RESET',
  'WORKER_GONE',
  'UNREADABLE_STORAGE',
  'UNAUTHORIZED',
  'CLOSED',
]);

let state: DatabaseState = { phase: 'opening' };
const listeners = new Set<() => void>();
let resolveReady: (persistence: Persistence) => void = () => undefined;

/** Resolves to the database once it is open; stays pending while it cannot be opened. */
export const databaseReady: Promise<Persistence> = new Promise((resolve) => {
  resolveReady = resolve;
});

/** Returns the current state. */
export function databaseState(): DatabaseState {
  return state;
}

/** Opens the stored database. @throws {PersistenceError} KEY_REQUIRED, WRONG_KEY, … */
export function openWith(storage: PersistentStorage, key?: EncryptionKey): Promise<Persistence> {
  return openPersistence({ storage, name: DATABASE_NAME, ...(key !== undefined && { key }) });
}

/**
 * Opens the page's database. One that is encrypted is opened with the key that this device remembers, if it does.
 *
 * @param storage - `memory` saves nothing, so pass it only when the user asked for it
 */
export async function openDatabase(storage: PersistentStorage | 'memory'): Promise<void> {
  setState({ phase: 'opening' });
  try {
    const persistence = storage === 'memory' ? await openPersistence({ storage }) : await openWith(storage);
    replaceDatabase({ phase: 'open', persistence, persistent: storage !== 'memory', encrypted: false });
  } catch (error) {
    const failure = failureOf(error);
    const remembered = failure.code === 'KEY_REQUIRED' ? await openRemembered(storage) : undefined;
    replaceDatabase(
      remembered
        ? { phase: 'open', persistence: remembered, persistent: true, encrypted: true }
        : { phase: 'failed', failure },
    );
  }
}

async function openRemembered(storage: PersistentStorage | 'memory'): Promise<Persistence | undefined> {
  if (storage !== 'indexeddb') return undefined;
  const encryption = await import('./encryption.ts');
  return encryption.openRemembered();
}

/** Shows another state of the database. */
export function replaceDatabase(next: DatabaseState): void {
  setState(next);
  if (next.phase === 'open') resolveReady(next.persistence);
}

/** Opens the database of the page: that of the server which sent the page, or one of this browser. */
export async function openPageDatabase(): Promise<void> {
  await (IS_STUDIO ? openServerDatabase() : openDatabase(storageFromUrl()));
}

async function openServerDatabase(): Promise<void> {
  setState({ phase: 'opening' });
  try {
    const persistence = await openPersistence({
      storage: 'remote',
      url: studioUrl(),
      ...(studioToken !== undefined && { token: studioToken }),
      onConnection: (connection) => void connectionChanged(persistence, connection),
    });
    setState(await serverState(persistence));
    resolveReady(persistence);
  } catch (error) {
    setState({ phase: 'failed', failure: failureOf(error) });
  }
}

async function serverState(persistence: Persistence): Promise<DatabaseState> {
  const { path, persistent, readOnly, tableProblems } = await persistence.info();
  return {
    phase: 'open',
    persistence,
    persistent,
    encrypted: false,
    server: { path: path ?? '', readOnly, tableProblems, lost: undefined },
  };
}

async function connectionChanged(persistence: Persistence, connection: ConnectionState): Promise<void> {
  if (state.phase !== 'open' || state.server === undefined) return;
  if (!connection.isConnected) {
    if (connection.isRetrying) {
      setState({ ...state, server: { ...state.server, lost: connection.reason } });
      return;
    }
    // A call that is refused says why.
    await persistence.info().catch(reportDatabaseFailure);
    return;
  }
  try {
    // The server that is back may serve another file, or serve it for reading only.
    setState(await serverState(persistence));
  } catch (error) {
    reportDatabaseFailure(error);
  }
}

/** True while the page already tells that its server is away, so that what failed need not be told as well. */
export function isServerLost(failure: Failure): boolean {
  return failure.code === 'CONNECTION_LOST' && state.phase === 'open' && state.server !== undefined;
}

/**
 * Reports a failed database call. A fatal error replaces the whole page at once.
 *
 * @returns the failure to show at the place of the call
 */
export function reportDatabaseFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (state.phase === 'open' && FATAL_CODES.has(failure.code)) setState({ phase: 'failed', failure });
  return failure;
}

function setState(next: DatabaseState): void {
  state = next;
  for (const listener of listeners) listener();
}

/** Calls a listener after each change of the state. @returns a function that ends it */
export function subscribeToDatabase(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

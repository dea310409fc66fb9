/**
 * The synchronisation of the page's database: it runs while the database is open, has a hub, and this tab has its token. The
 * location of the hub is in the database. Its code is loaded when there is one.
 */
import type { Persistence } from '@ggen-sim/core';
import type { BackgroundSync, SyncStatus } from '@ggen-sim/sync';
import { useSyncExternalStore } from 'react';
import { coalesce } from '../database/coalesce.ts';
import { databaseState, storageFromUrl, subscribeToDatabase } from '../database/database.ts';
import { failureOf, type Failure } from '../database/failure.ts';
import { IS_STUDIO } from '../database/studio.ts';
import type * as RunningSync from './running-sync.ts';
import { forgetSecrets, keepSecrets, secretsFor, type HubSecrets, type KeptSecrets } from './hub-secrets.ts';

/** What the page shows of the synchronisation. */
export type SyncView =
  | { readonly phase: 'reading' }
  | { readonly phase: 'none' }
  | { readonly phase: 'set up'; readonly status: SyncStatus; readonly hasToken: boolean }
  /** The state cannot be read, for instance because the database has no change log. */
  | { readonly phase: 'failed'; readonly failure: Failure };

/** Time between two looks at the state: another tab, or another process, may be the one that synchronises. */
const LOOK_MS = 5000;

/** Tells other tabs what happened, by an event of the browser's storage. */
const SIGNAL = 'ggen-sim-hub-signal';

let view: SyncView = { phase: 'reading' };
const listeners = new Set<() => void>();
let database: Persistence | undefined;
/** With the id of the database that it began with: a lock of this name keeps other tabs from doing the same. */
let running:
  | {
      readonly address: string;
      readonly secrets: HubSecrets;
      readonly origin: string;
      readonly sync: BackgroundSync;
    }
  | undefined;
/** Starts and ends take turns, so that none meets another one that is half done. */
let turn: Promise<unknown> = Promise.resolve();
let unwatch: () => void = () => undefined;

const load = (): Promise<typeof RunningSync> => import('./running-sync.ts');

/** Returns what to show and renders the component again when it changes. */
export function useSync(): SyncView {
  return useSyncExternalStore(subscribe, () => view);
}

/** Watches the database of the page from now on. */
export function watchSynchronisation(): void {
  subscribeToDatabase(databaseChanged);
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== SIGNAL || newValue === null) return;
    const [what, storage] = newValue.split(' ');
    if (storage !== storageFromUrl()) return;
    if (what === 'disconnecting') {
      forgetSecrets();
      void inTurn(stop);
    }
    look();
  });
  databaseChanged();
}

/**
 * Synchronises over a hub from now on, if it takes the token, and its rows have the key.
 * @returns the failure, after which nothing has changed
 */
export function connect(typed: string, secrets: KeptSecrets): Promise<Failure | undefined> {
  return change(async (persistence) => {
    const { tryHub, start } = await load();
    const address = await tryHub(persistence, typed, secrets);
    await stop();
    keepSecrets(address, secrets);
    try {
      const { origin } = await persistence.syncState();
      const sync = await start(persistence, address, secrets, look);
      running = { address, secrets, origin, sync };
    } catch (error) {
      forgetSecrets();
      throw error;
    }
    signal('connected');
  });
}

/** Ends the synchronisation in every tab, and forgets the token and the key. What was synchronised stays on both sides. */
export function disconnect(): Promise<Failure | undefined> {
  return change(async (persistence) => {
    forgetSecrets();
    signal('disconnecting');
    await stop();
    const { removeTarget } = await load();
    await removeTarget(persistence);
    signal('disconnected');
  });
}

/** Synchronises now. What came of it is in the status. */
export async function synchroniseNow(): Promise<void> {
  await running?.sync.synchronise().catch(() => undefined);
  look();
}

/** Gives a database that is a copy an id of its own, and goes on under it. */
export function renewId(): Promise<Failure | undefined> {
  return change(async (persistence) => {
    const { renewOrigin } = await load();
    await renewOrigin(persistence);
  });
}

/** Makes a change of the user's. */
function change(work: (persistence: Persistence) => Promise<void>): Promise<Failure | undefined> {
  return inTurn(async () => {
    try {
      if (database !== undefined) await work(database);
      return undefined;
    } catch (error) {
      return failureOf(error);
    } finally {
      look();
    }
  });
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(work);
  turn = result.catch(() => undefined);
  return result;
}

function databaseChanged(): void {
  const state = databaseState();
  const next = state.phase === 'open' ? state.persistence : undefined;
  if (next === database) return;
  unwatch();
  unwatch = () => undefined;
  database = next;
  void inTurn(stop);
  show({ phase: 'reading' });
  if (next === undefined) return;
  const unsubscribe = next.subscribe(look);
  const timer = setInterval(() => {
    if (view.phase !== 'none') look();
  }, LOOK_MS);
  unwatch = () => {
    unsubscribe();
    clearInterval(timer);
  };
  look();
}

/** Reads the state, and starts or ends the synchronisation as it says. */
const look: () => void = coalesce(async () => {
  const persistence = database;
  if (persistence === undefined) return;
  try {
    const seen = await read(persistence);
    if (persistence === database) show(seen);
  } catch (error) {
    // A database that was closed meanwhile is shown as such.
    if (persistence === database) show({ phase: 'failed', failure: failureOf(error) });
  }
});

async function read(persistence: Persistence): Promise<SyncView> {
  const { state } = await persistence.syncState();
  const location = locationIn(state);
  const address = location ?? null;
  const secrets = IS_STUDIO || address === null ? undefined : secretsFor(address);
  // Of a state that cannot be read, it says so.
  const status =
    location === null ? undefined : await (await load()).statusOf(persistence, secrets !== undefined);
  await inTurn(() => keepRunning(persistence, address, secrets));
  if (status === undefined) return { phase: 'none' };
  return { phase: 'set up', status, hasToken: secrets !== undefined };
}

/** Starts or ends the synchronisation, as the stored address says. */
async function keepRunning(
  persistence: Persistence,
  address: string | null,
  secrets: HubSecrets | undefined,
): Promise<void> {
  if (persistence !== database) return;
  // What was read before a change of the user's is read again after it.
  const { origin, state } = await persistence.syncState();
  if (locationIn(state) !== address) return;
  // Another tab may have put others in their place.
  const isSame =
    running?.address === address &&
    running.origin === origin &&
    running.secrets.token === secrets?.token &&
    running.secrets.key === secrets.key;
  if (!isSame) await stop();
  if (running !== undefined || address === null || secrets === undefined) return;
  const { start } = await load();
  running = { address, secrets, origin, sync: await start(persistence, address, secrets, look) };
}

/** Finds the location in a state; `undefined` where it cannot be read. */
function locationIn(state: string | null): string | null | undefined {
  if (state === null) return null;
  try {
    return (JSON.parse(state) as { readonly location?: string | null } | null)?.location;
  } catch {
    return undefined;
  }
}

async function stop(): Promise<void> {
  const ending = running;
  running = undefined;
  await ending?.sync.stop();
}

function signal(what: 'connected' | 'disconnecting' | 'disconnected'): void {
  try {
    // The event comes with another value alone.
    localStorage.setItem(SIGNAL, `${what} ${storageFromUrl()} ${crypto.randomUUID()}`);
  } catch {
    // Without site data there is no other tab of this database.
  }
}

function show(next: SyncView): void {
  if (JSON.stringify(next) === JSON.stringify(view)) return;
  view = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

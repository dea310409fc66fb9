import { useEffect, useState, useSyncExternalStore } from 'react';
import { usePersistence } from '../database/persistence-context.ts';
import { SessionStore, type SessionState } from './session-store.ts';

/** Creates the tab's session store and connects it while the component is mounted. */
export function useSessionStore(): { readonly store: SessionStore; readonly state: SessionState } {
  const persistence = usePersistence();
  const [store] = useState(() => new SessionStore(persistence));
  useEffect(() => store.connect(), [store]);
  return { store, state: useSyncExternalStore(store.subscribe, store.state) };
}

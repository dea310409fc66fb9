import { useEffect, useState, useSyncExternalStore } from 'react';
import { usePersistence } from '../database/persistence-context.ts';
import { SessionStore, type SessionState } from './session-store.ts';

/** The tab's sessions, for as long as the component is on the screen. */
export function useSessionStore(): { readonly store: SessionStore; readonly state: SessionState } {
  const persistence = usePersistence();
  const [store] = useState(() => new SessionStore(persistence));
  useEffect(() => store.connect(), [store]);
  return { store, state: useSyncExternalStore(store.subscribe, store.state) };
}

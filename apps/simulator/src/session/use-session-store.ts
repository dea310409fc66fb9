import { useEffect, useState, useSyncExternalStore } from 'react';
import { usePersistence } from '../database/persistence-context.ts';
import { notifyLasting } from '../components/notices.tsx';
import type { SessionConflict } from './merge-session.ts';
import { SessionStore, type SessionState } from './session-store.ts';

/** Says where two tabs changed the same, so that the user can choose between the two versions. */
function sayConflicts(conflicts: readonly SessionConflict[]): void {
  const places = conflicts.map((conflict) =>
    conflict.kind === 'lines'
      ? `${conflict.documentName} from line ${conflict.line} on: both versions are there, this tab's first.`
      : `${conflict.documentName}: removed in one tab, changed in the other. It is kept.`,
  );
  notifyLasting('Two tabs changed the same text', places.join(' '));
}

/** Creates the tab's session store and connects it while the component is mounted. */
export function useSessionStore(): { readonly store: SessionStore; readonly state: SessionState } {
  const persistence = usePersistence();
  const [store] = useState(() => new SessionStore(persistence, sayConflicts));
  useEffect(() => store.connect(), [store]);
  return { store, state: useSyncExternalStore(store.subscribe, store.state) };
}

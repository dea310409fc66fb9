import { useSyncExternalStore } from 'react';
import { databaseState, subscribeToDatabase, type DatabaseState } from './database.ts';

/** Returns the current state and renders the component again when it changes. */
export function useDatabaseState(): DatabaseState {
  return useSyncExternalStore(subscribeToDatabase, databaseState);
}

import type { Persistence } from '@ggen-sim/core';
import { createContext, use } from 'react';

/** Provides the open database to the components below {@link import('../app.tsx').App}. */
export const PersistenceContext: React.Context<Persistence | null> = createContext<Persistence | null>(null);

/** Returns the open database. */
export function usePersistence(): Persistence {
  const persistence = use(PersistenceContext);
  if (persistence === null) throw new Error('usePersistence needs a PersistenceContext above it');
  return persistence;
}

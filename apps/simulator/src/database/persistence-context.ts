import type { Persistence } from '@ggen-sim/core';
import { createContext, use } from 'react';

/** The open database, for everything below {@link import('../app.tsx').App}'s open state. */
export const PersistenceContext: React.Context<Persistence | null> = createContext<Persistence | null>(null);

/** The open database. */
export function usePersistence(): Persistence {
  const persistence = use(PersistenceContext);
  if (persistence === null) throw new Error('a component that needs the database is outside its provider');
  return persistence;
}

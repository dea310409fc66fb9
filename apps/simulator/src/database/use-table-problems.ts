import { TABLE_NAMES, type Persistence, type TableProblem } from '@ggen-sim/core';
import { useDatabaseState } from './use-database-state.ts';
import { IS_STUDIO } from './studio.ts';
import { useLiveQuery } from './use-live-query.ts';

const NONE: readonly TableProblem[] = [];

/** A database of this browser has every table. */
const readProblems = async (persistence: Persistence): Promise<readonly TableProblem[]> =>
  IS_STUDIO ? (await persistence.info()).tableProblems : NONE;

/** Returns the tables that a database of another program lacks, and renders again when it gets them. */
export function useTableProblems(): readonly TableProblem[] {
  const state = useDatabaseState();
  const known = state.phase === 'open' ? state.server?.tableProblems : undefined;
  return useLiveQuery(readProblems, TABLE_NAMES).value ?? known ?? NONE;
}

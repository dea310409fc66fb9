import type { AgentClient } from '@ggen-sim/agents/client';
import type { Persistence } from '@ggen-sim/core';
import { agents } from './agents/agents.ts';
import { databaseReady, databaseState } from './database/database.ts';

/** The page's interface for scripts and tests: `globalThis.ggenSim`. */
export interface GgenSim {
  /** The page's open database, the same handle its panels use. Throws before {@link GgenSim.ready} resolves. */
  readonly persistence: Persistence;
  /** The page's agents, loaded on the first call. Throws in a page of `ggen-sim studio`, which has none. */
  readonly agents: Pick<AgentClient, 'run'>;
  /** Resolves with the database once it is open. */
  readonly ready: Promise<Persistence>;
}

declare global {
  var ggenSim: GgenSim;
}

/** Sets `globalThis.ggenSim`. */
export function publishGgenSim(): void {
  globalThis.ggenSim = {
    get persistence() {
      const state = databaseState();
      if (state.phase === 'open') return state.persistence;
      throw new Error('The database is not open; await ggenSim.ready first');
    },
    get agents() {
      // The literal condition keeps the agents out of the build that has no use for them.
      if (import.meta.env.MODE === 'studio')
        throw new Error('This page runs no agents; run them with ggen-sim run');
      return agents;
    },
    ready: databaseReady,
  };
}

import type { Persistence } from '@ggen-sim/core';
import { agents, type SimulatorAgents } from './agents/agents.ts';
import { databaseReady, databaseState } from './database/database.ts';

/** What the page gives to scripts and tests as `globalThis.ggenSim`. */
export interface GgenSim {
  /** The page's open database: the very handle its panels read from. Throws before {@link GgenSim.ready}. */
  readonly persistence: Persistence;
  /** The page's agents, loaded when first called. */
  readonly agents: SimulatorAgents;
  /** Resolves with the database once it is open. */
  readonly ready: Promise<Persistence>;
}

declare global {
  var ggenSim: GgenSim;
}

/** Publishes {@link GgenSim}. */
export function publishGgenSim(): void {
  globalThis.ggenSim = {
    get persistence() {
      const state = databaseState();
      if (state.phase === 'open') return state.persistence;
      throw new Error('The database is not open; await ggenSim.ready first');
    },
    agents,
    ready: databaseReady,
  };
}

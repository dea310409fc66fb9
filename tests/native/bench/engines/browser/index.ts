import type { BrowserEngine } from './browser-engine.ts';
import { GGEN_SIM, GGEN_SIM_MEMORY } from './ggen-sim.ts';
import { pgliteIndexedDb, pgliteOpfs } from './pglite.ts';
import { sqlJsExport } from './sqljs-export.ts';
import { sqliteWasmDelete, sqliteWasmWal } from './sqlite-wasm.ts';
import { waSqliteIndexedDb, waSqliteMirror, waSqlitePoolDelete, waSqlitePoolWal } from './wa-sqlite.ts';

/** Every engine in a page, in the order of the report. */
export const BROWSER_ENGINES: readonly BrowserEngine[] = [
  ...GGEN_SIM,
  waSqliteIndexedDb,
  waSqliteMirror,
  pgliteIndexedDb,
  sqlJsExport,
  waSqlitePoolDelete,
  sqliteWasmDelete,
  waSqlitePoolWal,
  sqliteWasmWal,
  pgliteOpfs,
  GGEN_SIM_MEMORY,
];

import type { BrowserEngine } from './browser-engine.ts';
import { OURS, OURS_MEMORY } from './ours.ts';
import { pgliteIndexedDb, pgliteOpfs } from './pglite.ts';
import { sqlJsExport } from './sqljs-export.ts';
import { sqliteWasmDelete, sqliteWasmWal } from './sqlite-wasm.ts';
import { waSqliteIndexedDb, waSqlitePoolDelete, waSqlitePoolWal } from './wa-sqlite.ts';

/** Every engine in a page, in the order of the report. */
export const BROWSER_ENGINES: readonly BrowserEngine[] = [
  ...OURS,
  waSqliteIndexedDb,
  pgliteIndexedDb,
  sqlJsExport,
  waSqlitePoolDelete,
  sqliteWasmDelete,
  waSqlitePoolWal,
  sqliteWasmWal,
  pgliteOpfs,
  OURS_MEMORY,
];

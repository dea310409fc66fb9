import { betterSqlite3Truncate, betterSqlite3Wal } from './better-sqlite3.ts';
import type { NodeEngine } from './node-engine.ts';
import { nodeSqlite3Wasm } from './node-sqlite3-wasm.ts';
import { ggenSimExclusive, ggenSimFile } from './ggen-sim.ts';
import { sqlite3Process } from './sqlite3-process.ts';
import { sqlJsExport } from './sqljs-export.ts';

/** Every engine in Node, in the order of the report. */
export const NODE_ENGINES: readonly NodeEngine[] = [
  ggenSimFile,
  betterSqlite3Truncate,
  nodeSqlite3Wasm,
  ggenSimExclusive,
  betterSqlite3Wal,
  sqlite3Process,
  sqlJsExport,
];

import { betterSqlite3Truncate, betterSqlite3Wal } from './better-sqlite3.ts';
import type { NodeEngine } from './node-engine.ts';
import { nodeSqlite3Wasm } from './node-sqlite3-wasm.ts';
import {
  ggenSimExclusive,
  ggenSimExclusiveEncrypted,
  ggenSimFile,
  ggenSimFileEncrypted,
} from './ggen-sim.ts';
import { sqlCipher } from './sqlcipher.ts';
import { sqlite3Process } from './sqlite3-process.ts';
import { sqlJsExport } from './sqljs-export.ts';

/** Every engine in Node, in the order of the report. */
export const NODE_ENGINES: readonly NodeEngine[] = [
  ggenSimFile,
  ggenSimFileEncrypted,
  sqlCipher,
  betterSqlite3Truncate,
  nodeSqlite3Wasm,
  ggenSimExclusive,
  ggenSimExclusiveEncrypted,
  betterSqlite3Wal,
  sqlite3Process,
  sqlJsExport,
];

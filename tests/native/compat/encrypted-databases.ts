/** Encrypted databases for tests here, and what this package and other engines read of them. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type DurableDatabase, openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { temporaryFolder } from './child-process.ts';
import { SCHEMA } from './children/rows.mjs';
import { SQLCIPHER } from './sqlcipher/cipher-engine.ts';

export const KEY: Uint8Array = new Uint8Array(32).fill(0xab);
export const SEED_ROWS = 200;
export const SEED = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${SEED_ROWS}) INSERT INTO rows SELECT 'seed-' || i, hex(zeroblob(300)) FROM n; UPDATE total SET n = ${SEED_ROWS};`;
export const STATE =
  'SELECT (SELECT n FROM total) = (SELECT count(*) FROM rows), (SELECT n FROM total) FROM total;';
/** Checks every tag and the trees. Multiple Ciphers knows only the second pragma, whose reads check the tags. */
export const CHECKS: readonly string[] = ['PRAGMA cipher_integrity_check;', 'PRAGMA integrity_check;'];

export function valuesOf({ database }: DurableDatabase, query: string): string[] {
  return (database.exec(query)[0]?.values ?? []).map((row) => row.join('|'));
}

/** Opens a file with this package, checks it, and looks. */
export async function recoverOurselves(file: string, key?: Uint8Array): Promise<string[]> {
  const opened = await openDatabase(fileStorage(file), key === undefined ? {} : { key });
  const state = valuesOf(opened, STATE);
  expect(valuesOf(opened, 'PRAGMA integrity_check')).toEqual(['ok']);
  opened.close();
  return state;
}

/** Lets another engine recover a file, check it, and look. */
export function recoverWith(engine: typeof SQLCIPHER, file: string): string[] {
  const lines = engine.run(file, KEY, STATE, ...CHECKS);
  expect(lines.slice(1)).toEqual(['ok']);
  return lines.slice(0, 1);
}

export function copyWithJournal(file: string, copy: string): string {
  for (const suffix of ['', '-journal', '-wal']) {
    if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, copy + suffix);
  }
  return copy;
}

export function seededFile(engine: typeof SQLCIPHER = SQLCIPHER): string {
  const file = path.join(temporaryFolder(), 'encrypted.db');
  engine.run(file, KEY, `${SCHEMA}; ${SEED}`);
  return file;
}

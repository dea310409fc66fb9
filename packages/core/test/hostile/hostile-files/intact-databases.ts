/** Intact databases to be damaged: several page sizes, long rows, free pages, moved pages. */
import fs from 'node:fs';
import { openPersistence } from '../../../src/index.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../../src/testing/persistence-case.ts';
import { nativeSqlite } from '../../../../../tests/support/native-sqlite.ts';

/** Pragmas of each database, run before its tables are created. */
const MAKES: readonly string[] = [
  'PRAGMA page_size=4096',
  'PRAGMA page_size=512',
  'PRAGMA page_size=1024; PRAGMA auto_vacuum=INCREMENTAL',
  'PRAGMA page_size=512; PRAGMA auto_vacuum=FULL',
];

/** Makes one database for each set of pragmas, with short and long rows, some of them deleted. @returns their paths */
export async function makeIntactDatabases(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, make] of MAKES.entries()) {
    const path = `${folder}/intact-${index}.db`;
    nativeSqlite(path, make, 'CREATE TABLE theirs(x)', 'DROP TABLE theirs');
    await fill(path);
    paths.push(path);
  }
  return paths;
}

async function fill(path: string): Promise<void> {
  let now = new Date('2026-01-01T00:00:00Z');
  const db = await openPersistence({ storage: 'file', path, clock: () => now });
  const receipts = upTo(60).map((n) =>
    receiptOf(`e-${n}`, { receipt: { n, text: 'x'.repeat(n % 10 === 0 ? 6000 : n) } }),
  );
  const isOld = (_: unknown, index: number): boolean => index % 2 === 0 && index > 20;
  await db.record({ receipts: receipts.filter(isOld) });
  now = new Date('2026-06-01T00:00:00Z');
  await db.record({
    receipts: receipts.filter((receipt, index) => !isOld(receipt, index)),
    memories: upTo(4).map((n) => memoryOf(`agent-${n}`)),
    audits: upTo(60).map((n) => auditOf(`o-${n}`, { details: 'd'.repeat(n) })),
  });
  // Deleted rows leave free pages.
  await db.cleanup({ days: 90, vacuum: false });
  await db.close();
  fs.chmodSync(path, 0o644);
}

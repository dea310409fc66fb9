/** Databases that are right, to be damaged: of several page sizes, with long rows, free pages, moved pages. */
import fs from 'node:fs';
import { openPersistence } from '../../../src/index.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../../src/testing/persistence-case.ts';
import { nativeSqlite } from '../../support/native-sqlite.ts';

/** How each is made before our tables go in. */
const MAKES: readonly string[] = [
  'PRAGMA page_size=4096',
  'PRAGMA page_size=512',
  'PRAGMA page_size=1024; PRAGMA auto_vacuum=INCREMENTAL',
  'PRAGMA page_size=512; PRAGMA auto_vacuum=FULL',
];

/** Makes one database of each make, with rows short and long, some of them deleted again. @returns their paths */
export async function makeSoundDatabases(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, make] of MAKES.entries()) {
    const path = `${folder}/sound-${index}.db`;
    nativeSqlite(path, make, 'CREATE TABLE theirs(x)', 'DROP TABLE theirs');
    await fill(path);
    paths.push(path);
  }
  return paths;
}

async function fill(path: string): Promise<void> {
  const db = await openPersistence({ storage: 'file', path });
  await db.record({
    receipts: upTo(60).map((n) =>
      receiptOf(`e-${n}`, { receipt: { n, text: 'x'.repeat(n % 10 === 0 ? 6000 : n) } }),
    ),
    memories: upTo(4).map((n) => memoryOf(`agent-${n}`)),
    audits: upTo(60).map((n) => auditOf(`o-${n}`, { details: 'd'.repeat(n) })),
  });
  await db.close();
  // What is deleted leaves free pages behind.
  nativeSqlite(path, "DELETE FROM receipts WHERE execution_id GLOB 'e-[345]*'");
  fs.chmodSync(path, 0o644);
}

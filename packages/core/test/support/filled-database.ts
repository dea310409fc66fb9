import fs from 'node:fs';
import type { Persistence } from '../../src/index.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import type { TestDatabase } from './test-database.ts';

/** Opens a test's database and saves 20 receipts, one memory and 3 audit entries. */
export async function openFilled(database: TestDatabase): Promise<Persistence> {
  const db = await database.open();
  await db.record({
    receipts: upTo(20).map((n) => receiptOf(`e-${n}`)),
    memories: [memoryOf('m')],
    audits: upTo(3).map((n) => auditOf(`o-${n}`)),
  });
  return db;
}

/** Returns the names in the test's folder, without the journal of the open database. */
export function namesIn(database: TestDatabase): string[] {
  return fs
    .readdirSync(database.folder)
    .filter((name) => name !== 'ggen.db-journal')
    .toSorted();
}

/** Tables with columns of other programs in the storages of browsers: their defaults are tried, and rows are saved. */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { type OpenOptions, openPersistence } from '../../src/index.ts';
import { auditOf, rejectionOf } from '../../src/testing/persistence-case.ts';

/** Makes the image of a database with one more column in the audit log. */
async function imageWith(column: string): Promise<Uint8Array> {
  await using db = await openPersistence({ storage: 'memory', worker: false });
  const storage = memoryStorage();
  const file = storage.open('main', { create: true, exclusive: false, readOnly: false });
  file.write(await db.exportImage(), 0);
  file.close();
  const changed = await openDatabase(storage);
  changed.database.exec(`ALTER TABLE audit_log ADD COLUMN ${column}`);
  const image = changed.exportImage();
  changed.close();
  return image;
}

it.each<OpenOptions>([
  { storage: 'indexeddb', name: crypto.randomUUID(), worker: false },
  { storage: 'opfs', name: crypto.randomUUID() },
  { storage: 'opfs', name: crypto.randomUUID(), exclusive: true },
])('$storage', async (options) => {
  await using db = await openPersistence(options);
  await db.importImage(await imageWith("theirs NOT NULL DEFAULT ('a' || 'b')"));
  await db.logAudit(auditOf('o'));
  expect((await db.verify()).problems).toEqual([]);
  expect(await rejectionOf(db.importImage(await imageWith('theirs DEFAULT (hex(1/0))')))).toMatchObject({
    code: 'SCHEMA_MISMATCH',
  });
  expect(await db.queryAuditTrail()).toHaveLength(1);
});

/** Databases that must be refused, or made for it, under a second name in the folder of a test. */
import fs from 'node:fs';
import { expect } from 'vitest';
import { type FileOpenOptions, PersistenceError } from '../../src/index.ts';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { stateOf } from './file-state.ts';
import type { TestDatabase } from './test-database.ts';

/** Returns the path of a second file, so that the fixture's own database stays intact. */
export function otherFile(fixture: TestDatabase): string {
  return fixture.path('other.db');
}

/** Opens the other file, which must be refused, and left as it was down to the byte. */
export async function refused(
  fixture: TestDatabase,
  options: Partial<FileOpenOptions> = {},
): Promise<PersistenceError> {
  const path = otherFile(fixture);
  fs.chmodSync(path, 0o644);
  const before = stateOf(path);
  const error = await rejectionOf(fixture.open({ path, retry: { busyDeadlineMs: 200 }, ...options }));
  expect(error).toBeInstanceOf(PersistenceError);
  expect((error as PersistenceError).operation).toBe('open');
  expect(stateOf(path)).toEqual(before);
  expect(fs.readdirSync(fixture.folder)).toEqual(['other.db']);
  return error as PersistenceError;
}

/** Makes a database of this program with a page or two of rows. */
export async function filled(fixture: TestDatabase): Promise<string> {
  const db = await fixture.open({ path: otherFile(fixture) });
  await db.saveReceipts(Array.from({ length: 500 }, (_, index) => receiptOf(`e-${index}`)));
  await db.close();
  return otherFile(fixture);
}

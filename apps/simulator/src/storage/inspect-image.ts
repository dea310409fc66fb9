import { openPersistence, type Stats, type VerifyReport } from '@ggen-sim/core';

/** Row counts and verification of a database file. */
export interface ImageReport {
  readonly stats: Stats;
  readonly verification: VerifyReport;
  /** Tables of other programs in the file. */
  readonly otherTables: readonly string[];
}

/**
 * Opens a file's bytes in memory, apart from the stored database, and verifies them. A file without any table of this
 * program is refused, because importing it would only delete what is stored.
 *
 * @throws {PersistenceError} NOT_A_DATABASE, CORRUPT, NEWER_SCHEMA or SCHEMA_MISMATCH
 */
export async function inspectImage(image: Uint8Array): Promise<ImageReport> {
  const trial = await openPersistence({ storage: 'memory' });
  try {
    await trial.importImage(image);
    const { otherTables } = await trial.info();
    return { stats: await trial.stats(), verification: await trial.verify(), otherTables };
  } finally {
    await trial.close();
  }
}

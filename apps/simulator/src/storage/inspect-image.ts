import { openPersistence, type Stats, type VerifyReport } from '@ggen-sim/core';

/** Row counts and verification of a database file. */
export interface ImageReport {
  readonly stats: Stats;
  readonly verification: VerifyReport;
}

/**
 * Opens a file's bytes in memory, apart from the stored database, and verifies them.
 *
 * @throws {PersistenceError} NOT_A_DATABASE, CORRUPT, NEWER_SCHEMA or SCHEMA_MISMATCH
 */
export async function inspectImage(image: Uint8Array): Promise<ImageReport> {
  const trial = await openPersistence({ storage: 'memory' });
  try {
    await trial.importImage(image);
    return { stats: await trial.stats(), verification: await trial.verify() };
  } finally {
    await trial.close();
  }
}

import { openPersistence, type Stats, type VerifyReport } from '@ggen-sim/core';

/** What a database file holds, and whether it is sound. */
export interface ImageReport {
  readonly stats: Stats;
  readonly verification: VerifyReport;
}

/**
 * Opens a file's bytes in memory, away from what is stored, and looks at all of it.
 *
 * @throws PersistenceError `NOT_A_DATABASE`, `CORRUPT`, `NEWER_SCHEMA`, `SCHEMA_MISMATCH`
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

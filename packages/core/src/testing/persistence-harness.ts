import type { CommonOpenOptions, Persistence } from '../api/persistence.ts';

/** The storage of one test: one database, empty at first. */
export interface PersistenceHarness {
  /** Opens the database, with the options that the harness is about. */
  open(options: Pick<CommonOpenOptions, 'clock'>): Promise<Persistence>;
  /** Removes the storage, after everything opened on it was closed. */
  remove?(): void | Promise<void>;
}

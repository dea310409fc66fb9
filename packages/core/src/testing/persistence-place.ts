import type { CommonOpenOptions, Persistence } from '../api/persistence.ts';

/** An empty place for one database, made for one test. */
export interface PersistencePlace {
  /** Opens the place's database, with whatever options of its own the place is about. */
  open(options: Pick<CommonOpenOptions, 'clock'>): Promise<Persistence>;
  /** Takes the place away again, when everything opened on it has been closed. */
  remove?(): void | Promise<void>;
}

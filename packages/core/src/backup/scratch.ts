import type { Storage } from '@ggen-sim/sqljs-vfs';

/** Room for a copy of a database, which only this process can reach and which ends with it. */
export interface Scratch {
  readonly storage: Storage;
  /** True when the copy takes memory as large as the database. */
  readonly inMemory: boolean;
}

import type { Storage } from '@ggen-sim/sqljs-vfs';
import { openOnStorage } from '../../packages/core/src/persistence/open-in-process.ts';
import type { OpenOptions } from '../../packages/core/src/api/persistence.ts';
import type { ModelHandle, ScenarioHarness } from './scenario-harness.ts';
import { crashableStorage } from './crashable-storage.ts';

/** What {@link storageHarness} takes. */
export interface StorageHarnessOptions {
  /** A new storage on the same place, once for each handle. */
  readonly makeStorage: () => Storage;
  /** How to open; the storage it names is not looked at. */
  readonly options: OpenOptions;
  readonly persistent: boolean;
  readonly shared: boolean;
  readonly remove: () => void | Promise<void>;
}

/** A place whose owners die between any two calls of their storage. */
export function storageHarness(given: StorageHarnessOptions): ScenarioHarness {
  const startsAt = new Date('2026-03-01T12:00:00Z');
  let now = startsAt;
  return {
    persistent: given.persistent,
    shared: given.shared,
    startsAt,
    setClock: (moment) => void (now = moment),
    async open(): Promise<ModelHandle> {
      const mortal = crashableStorage(given.makeStorage());
      const db = await openOnStorage(() => mortal.storage, {
        ...given.options,
        clock: () => now,
        retry: { ioRetries: 1, ioRetryDelayMs: 1 },
      });
      return {
        db,
        crashAt: (calls) => mortal.crashAt(calls),
        async bury() {
          mortal.crashNow();
          // Nothing reaches the files any more; what is left in memory may complain of it.
          await db.close().catch(() => undefined);
        },
      };
    },
    remove: async () => given.remove(),
  };
}

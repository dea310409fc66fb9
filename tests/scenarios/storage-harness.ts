import type { Storage } from '@ggen-sim/sqljs-vfs';
import { openOnStorage } from '../../packages/core/src/persistence/open-in-process.ts';
import type { OpenOptions } from '../../packages/core/src/api/persistence.ts';
import type { ModelHandle, ScenarioHarness } from './scenario-harness.ts';
import { crashableStorage } from './crashable-storage.ts';

/** Options of {@link storageHarness}. */
export interface StorageHarnessOptions {
  /** Makes a storage on the same content, once per handle. */
  readonly makeStorage: () => Storage;
  /** Options of opening. Their `storage` is ignored. */
  readonly options: OpenOptions;
  readonly persistent: boolean;
  readonly shared: boolean;
  readonly remove: () => void | Promise<void>;
}

/** Makes a harness whose owners can crash between any two calls of their storage. */
export function storageHarness(given: StorageHarnessOptions): ScenarioHarness {
  const startsAt = new Date('2026-03-01T12:00:00Z');
  let now = startsAt;
  return {
    persistent: given.persistent,
    shared: given.shared,
    startsAt,
    setClock: (moment) => void (now = moment),
    async open(): Promise<ModelHandle> {
      const crashable = crashableStorage(given.makeStorage());
      const db = await openOnStorage(() => crashable.storage, {
        ...given.options,
        clock: () => now,
        retry: { ioRetries: 1, ioRetryDelayMs: 1 },
      });
      return {
        db,
        crashAt: (calls) => crashable.crashAt(calls),
        async release() {
          crashable.crashNow();
          // Calls no longer reach the files, so closing may fail.
          await db.close().catch(() => undefined);
        },
      };
    },
    remove: async () => given.remove(),
  };
}

import type { Storage } from '@ggen-sim/sqljs-vfs';
import { openOnStorage } from '../../persistence/open-in-process.ts';
import type { OpenOptions } from '../../api/persistence.ts';
import type { ModelHandle, ModelPlace } from './model-place.ts';
import { mortalStorage } from './mortal-storage.ts';

/** What {@link storageModelPlace} takes. */
export interface StorageModelPlaceOptions {
  /** A new storage on the same place, once for each handle. */
  readonly makeStorage: () => Storage;
  /** How to open; the storage it names is not looked at. */
  readonly options: OpenOptions;
  readonly persistent: boolean;
  readonly shared: boolean;
  readonly remove: () => void | Promise<void>;
}

/** A place whose owners die between any two calls of their storage. */
export function storageModelPlace(given: StorageModelPlaceOptions): ModelPlace {
  const startsAt = new Date('2026-03-01T12:00:00Z');
  let now = startsAt;
  return {
    persistent: given.persistent,
    shared: given.shared,
    startsAt,
    setClock: (moment) => void (now = moment),
    async open(): Promise<ModelHandle> {
      const mortal = mortalStorage(given.makeStorage());
      const db = await openOnStorage(() => mortal.storage, {
        ...given.options,
        clock: () => now,
        retry: { ioRetries: 1, ioRetryDelayMs: 1 },
      });
      return {
        db,
        dieAt: (calls) => mortal.dieAt(calls),
        async bury() {
          mortal.dieNow();
          // Nothing reaches the files any more; what is left in memory may complain of it.
          await db.close().catch(() => undefined);
        },
      };
    },
    remove: async () => given.remove(),
  };
}

import fs from 'node:fs';
import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { ForeignChanges } from './external-changes.ts';
import type { Change } from '../api/persistence.ts';

/** The file system reports that the database file was written; who wrote what, a look at it has to tell. */
export function foreignChanges(
  { kind }: StorageCapabilities,
  filePath: string,
  hear: (change: Change | undefined) => void,
): ForeignChanges {
  let watcher: fs.FSWatcher | undefined;
  const rest = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    listen() {
      if (watcher || kind !== 'file') return;
      watcher = fs.watch(filePath, { persistent: false }, () => hear(undefined));
      // The folder may be gone; then there is nothing left to hear of.
      watcher.on('error', rest);
    },
    rest,
    tell: () => undefined,
    close: rest,
  };
}

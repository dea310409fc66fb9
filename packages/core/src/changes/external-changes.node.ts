import fs from 'node:fs';
import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { Change } from '../api/persistence.ts';
import type { ExternalChanges } from './external-changes.ts';

/**
 * Watches the database file. The file system reports that it was written, but not by which process.
 * @param onChange - called with undefined, because the change itself is unknown
 */
export function externalChanges(
  { kind }: StorageCapabilities,
  filePath: string,
  onChange: (change: Change | undefined) => void,
): ExternalChanges {
  let watcher: fs.FSWatcher | undefined;
  const stop = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    start() {
      if (watcher || kind !== 'file') return;
      try {
        watcher = fs.watch(filePath, { persistent: false }, () => onChange(undefined));
      } catch (error) {
        // The file was moved or removed, which the next operation reports.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        throw error;
      }
      // The folder may have been removed; then nothing is left to watch.
      watcher.on('error', stop);
    },
    stop,
    publish: () => undefined,
    close: stop,
  };
}

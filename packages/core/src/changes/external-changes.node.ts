import fs from 'node:fs';
import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { Change } from '../api/persistence.ts';
import type { ExternalChanges } from './external-changes.ts';

/** Pause between two looks at a log, in milliseconds. A look reads some hundred bytes. */
const LOG_PAUSE_MS = 500;

/**
 * Watches the database file. The file system reports that it was written, but not by which process. A commit to the log of
 * another program is published in shared memory, of which the file system reports nothing, so its end is looked at again and
 * again.
 * @param onChange - called with undefined, because the change itself is unknown
 */
export function externalChanges(
  { kind, isLoggedByOthers }: StorageCapabilities,
  filePath: string,
  onChange: (change: Change | undefined) => void,
): ExternalChanges {
  let watcher: fs.FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const stopWatching = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    stopWatching();
  };
  return {
    start() {
      if (isLoggedByOthers) timer ??= setInterval(() => onChange(undefined), LOG_PAUSE_MS).unref();
      if (watcher || kind !== 'file') return;
      try {
        watcher = fs.watch(filePath, { persistent: false }, () => onChange(undefined));
      } catch (error) {
        // The file was moved or removed, which the next operation reports.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        throw error;
      }
      // The folder may have been removed; then nothing is left to watch.
      watcher.on('error', stopWatching);
    },
    stop,
    publish: () => undefined,
    close: stop,
  };
}

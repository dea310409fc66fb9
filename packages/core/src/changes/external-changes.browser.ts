import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { Change } from '../api/persistence.ts';
import { onBfcacheRestore } from './bfcache-restore.browser.ts';
import type { ExternalChanges } from './external-changes.ts';

/**
 * Exchanges changes with other tabs and workers, over a BroadcastChannel named after the database.
 * @param onChange - called with the change, or with undefined if one may have been missed
 */
export function externalChanges(
  { kind, multiProcess }: StorageCapabilities,
  name: string,
  onChange: (change: Change | undefined) => void,
): ExternalChanges {
  const channel = multiProcess ? new BroadcastChannel(`ggen-sim:${kind}:${name}`) : undefined;
  channel?.addEventListener('message', ({ data }) => onChange(data as Change));
  const stopOnRestore = onBfcacheRestore(() => onChange(undefined));
  return {
    start: () => undefined,
    stop: () => undefined,
    publish: (change) => channel?.postMessage(change),
    close() {
      stopOnRestore();
      channel?.close();
    },
  };
}

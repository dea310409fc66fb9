import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { ForeignChanges } from './external-changes.ts';
import type { Change } from '../api/persistence.ts';
import { onBfcacheRestore } from './bfcache-restore.browser.ts';

/** Tabs and workers tell each other over a channel named after the database. */
export function foreignChanges(
  { kind, multiProcess }: StorageCapabilities,
  name: string,
  hear: (change: Change | undefined) => void,
): ForeignChanges {
  const channel = multiProcess ? new BroadcastChannel(`ggen-sim:${kind}:${name}`) : undefined;
  channel?.addEventListener('message', ({ data }) => hear(data as Change));
  const endReturns = onBfcacheRestore(() => hear(undefined));
  return {
    listen: () => undefined,
    rest: () => undefined,
    tell: (change) => channel?.postMessage(change),
    close() {
      endReturns();
      channel?.close();
    },
  };
}

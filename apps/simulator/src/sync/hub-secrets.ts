/**
 * The token of a hub and the key of its rows: in the storage of the tab, or of the browser on request, and never in the database,
 * which is downloaded and handed on. They are kept with the address, so that an imported database, which names a hub of its own,
 * gets none.
 */
import { storageFromUrl } from '../database/database.ts';

/** What a page needs for a hub beside its address. */
export interface HubSecrets {
  readonly token: string;
  /** 64 hexadecimal digits; undefined where rows are sent as they are. It is never sent. */
  readonly key: string | undefined;
}

/** Secrets as they are kept. */
export interface KeptSecrets extends HubSecrets {
  /** True when they are kept after this tab is closed, and for other tabs, as well. */
  readonly onDevice: boolean;
}

/** Each storage has a database of its own, and so a hub. */
const name = (): string => `ggen-sim-hub-${storageFromUrl()}`;

/** Returns the secrets that are kept for a hub; undefined without any. */
export function secretsFor(address: string): KeptSecrets | undefined {
  for (const { storage, onDevice } of storages()) {
    const stored = parsed(storage.getItem(name()));
    if (stored?.address === address) return { token: stored.token, key: stored.key, onDevice };
  }
  return undefined;
}

/** Keeps the secrets of a hub in place of others. */
export function keepSecrets(address: string, { token, key, onDevice }: KeptSecrets): void {
  forgetSecrets();
  (onDevice ? localStorage : sessionStorage).setItem(name(), JSON.stringify({ address, token, key }));
}

/** Forgets them, in the tab and on the device. */
export function forgetSecrets(): void {
  for (const { storage } of storages()) storage.removeItem(name());
}

/** Browsers that refuse site data throw. */
function storages(): readonly { readonly storage: Storage; readonly onDevice: boolean }[] {
  try {
    return [
      { storage: sessionStorage, onDevice: false },
      { storage: localStorage, onDevice: true },
    ];
  } catch {
    return [];
  }
}

function parsed(text: string | null): (HubSecrets & { readonly address: string }) | undefined {
  try {
    const { address, token, key } = JSON.parse(text ?? '') as Partial<Record<string, unknown>>;
    if (typeof address !== 'string' || typeof token !== 'string') return undefined;
    return { address, token, key: typeof key === 'string' ? key : undefined };
  } catch {
    return undefined;
  }
}

/**
 * The token of a hub: in the storage of the tab, or of the browser on request, and never in the database, which is downloaded
 * and handed on. It is kept with its address, so that an imported database, which names a hub of its own, gets none.
 */
import { storageFromUrl } from '../database/database.ts';

interface StoredToken {
  readonly address: string;
  readonly token: string;
}

/** Each storage has a database of its own, and so a hub. */
const name = (): string => `ggen-sim-hub-${storageFromUrl()}`;

/** Returns the token that is kept for a hub; undefined without one. */
export function tokenFor(address: string): string | undefined {
  const found = storages()
    .map((storage) => parsed(storage.getItem(name())))
    .find((stored) => stored?.address === address);
  return found?.token;
}

/** Keeps the token of a hub in place of another one. @param onDevice - after this tab is closed, and for other tabs, as well */
export function keepToken(address: string, token: string, onDevice: boolean): void {
  forgetToken();
  const stored: StoredToken = { address, token };
  (onDevice ? localStorage : sessionStorage).setItem(name(), JSON.stringify(stored));
}

/** Forgets it, in the tab and on the device. */
export function forgetToken(): void {
  for (const storage of storages()) storage.removeItem(name());
}

/** Browsers that refuse site data throw. */
function storages(): Storage[] {
  try {
    return [sessionStorage, localStorage];
  } catch {
    return [];
  }
}

function parsed(text: string | null): StoredToken | undefined {
  try {
    const { address, token } = JSON.parse(text ?? '') as Partial<Record<keyof StoredToken, unknown>>;
    return typeof address === 'string' && typeof token === 'string' ? { address, token } : undefined;
  } catch {
    return undefined;
  }
}

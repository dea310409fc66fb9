/**
 * The key that this device remembers, so that the page need not ask for the passphrase. It is a CryptoKey that scripts
 * cannot read out. IndexedDB keeps it, apart from the database, and deletes it with the site's data.
 */
import type { EncryptionKey } from '@ggen-sim/core';
import { createStore, del, get, set, type UseStore } from 'idb-keyval';

const KEY_NAME = 'database';

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore('ggen-device-key', 'keys'));

/** Derives the key of a passphrase and keeps it. @throws {VfsError} WRONG_KEY */
export async function rememberKey(databaseName: string, passphrase: string): Promise<void> {
  const { deriveIndexedDbKey } = await import('@ggen-sim/sqljs-vfs/indexeddb');
  await set(KEY_NAME, await deriveIndexedDbKey(databaseName, passphrase), store());
}

export function rememberedKey(): Promise<EncryptionKey | undefined> {
  return get<EncryptionKey>(KEY_NAME, store());
}

export function forgetKey(): Promise<void> {
  return del(KEY_NAME, store());
}

/**
 * An encrypted database of the page: opening it with a passphrase or with the key that this device remembers, encrypting
 * it, and locking it again. Loaded only when one of these happens.
 */
import type { Persistence } from '@ggen-sim/core';
import { DATABASE_NAME, openWith, replaceDatabase, storageFromUrl } from './database.ts';
import { forgetKey, rememberedKey, rememberKey } from './device-key.ts';
import { failureOf, type Failure } from './failure.ts';

/** Opens the database with the key that this device remembers. @returns undefined when there is none that opens it */
export async function openRemembered(): Promise<Persistence | undefined> {
  try {
    const key = await rememberedKey();
    return key === undefined ? undefined : await openWith('indexeddb', key);
  } catch (error) {
    // The database has another key by now. Any other failure is met again with the passphrase.
    if (failureOf(error).code === 'WRONG_KEY') await forgetKey();
    return undefined;
  }
}

/**
 * Opens the database with a passphrase.
 * @param remember - keep its key on this device
 * @returns the failure, after which nothing has changed
 */
export async function unlockDatabase(passphrase: string, remember: boolean): Promise<Failure | undefined> {
  const storage = storageFromUrl();
  try {
    const persistence = await openWith(storage, passphrase);
    if (remember) await rememberKey(DATABASE_NAME, passphrase);
    replaceDatabase({ phase: 'open', persistence, persistent: true, encrypted: true });
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

/**
 * Encrypts the open database in IndexedDB and opens it again. Other tabs have to be reloaded.
 * @returns the failure, after which the database is as it was
 */
export async function encryptDatabase(
  persistence: Persistence,
  passphrase: string,
  remember: boolean,
): Promise<Failure | undefined> {
  // Nothing may write, or meet a closed database, meanwhile.
  replaceDatabase({ phase: 'opening' });
  let failure: Failure | undefined;
  try {
    await persistence.close();
    const { changeIndexedDbKey } = await import('@ggen-sim/sqljs-vfs/indexeddb');
    await changeIndexedDbKey(DATABASE_NAME, { key: undefined, newKey: passphrase });
    if (remember) await rememberKey(DATABASE_NAME, passphrase);
  } catch (error) {
    failure = failureOf(error);
  }
  try {
    const opened = await openWith('indexeddb', failure ? undefined : passphrase);
    replaceDatabase({ phase: 'open', persistence: opened, persistent: true, encrypted: !failure });
  } catch (error) {
    replaceDatabase({ phase: 'failed', failure: failureOf(error) });
  }
  return failure;
}

/** Closes the database, forgets its key on this device, and asks for the passphrase. Reloading empties this tab's memory. */
export async function lockDatabase(persistence: Persistence): Promise<void> {
  await forgetKey();
  await persistence.close();
  location.reload();
}

/**
 * The key with which this browser signs checkpoints: one of Web Crypto that scripts cannot read out. IndexedDB keeps it,
 * apart from the database, and deletes it with the site's data.
 */
import { PersistenceError, type NoteSigner } from '@ggen-sim/core';
import { createStore, get, update, type UseStore } from 'idb-keyval';

const ALGORITHM = 'Ed25519';
const KEY_NAME = 'checkpoints';

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore('ggen-signing-key', 'keys'));

/**
 * Returns the signer with this browser's key, which is made when it is first needed. Its name is the host of the page.
 * @throws {PersistenceError} `INVALID_ARGUMENT` where a browser has no such keys
 */
export async function browserSigner(): Promise<NoteSigner> {
  const { privateKey, publicKey } = await keyPair();
  return {
    name: location.host,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign(ALGORITHM, privateKey, Uint8Array.from(message))),
  };
}

async function keyPair(): Promise<CryptoKeyPair> {
  const kept = await get<CryptoKeyPair>(KEY_NAME, store());
  if (kept !== undefined) return kept;
  const made = await makeKeyPair();
  // Another tab may have made one meanwhile, and that one counts.
  let first = made;
  await update<CryptoKeyPair>(KEY_NAME, (other) => (first = other ?? made), store());
  return first;
}

async function makeKeyPair(): Promise<CryptoKeyPair> {
  try {
    return await crypto.subtle.generateKey({ name: ALGORITHM }, false, ['sign', 'verify']);
  } catch (cause) {
    throw new PersistenceError('INVALID_ARGUMENT', 'This browser has no keys that sign (Ed25519)', {
      operation: 'checkpoint',
      hint: 'Sign with `ggen-sim db checkpoint --key FILE`, or use a newer browser.',
      cause,
    });
  }
}

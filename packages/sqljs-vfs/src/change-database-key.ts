import { checkKey } from './contract/encryption-key.ts';
import type { Storage } from './contract/storage.ts';
import { storageFailure, VfsError } from './errors.ts';
import { type ChangeKeyOptions, changeKey, release } from './key-change/change-key.ts';

export type { ChangeKeyOptions } from './key-change/change-key.ts';

/**
 * Changes the key of a database on a storage that has a journal: files, OPFS, memory. For IndexedDB see `changeIndexedDbKey`.
 * The database keeps its file with its owner, permissions and names. Other connections wait, and get `KEY_REQUIRED`,
 * `WRONG_KEY` or SQLITE_NOTADB afterwards. What ends the process in between is undone by the next connection, of SQLite or
 * SQLCipher as well. Needs room for two more copies in the folder of the file.
 * @param storage - of the database, which this function closes
 * @throws TypeError for what is no key, or when neither is given
 * @throws VfsError `KEY_REQUIRED` or `WRONG_KEY` for another `key` than the database's, `NOT_FOUND` for an empty one,
 * `CORRUPT` when a copy cannot be verified, `STORAGE_UNAVAILABLE`; as `openDatabase` does. Nothing was changed
 * @throws SqliteError SQLITE_BUSY (5) after the deadline, SQLITE_READONLY (8), SQLITE_FULL (13), SQLITE_IOERR (10). Nothing was
 * changed, unless the message of the last one says that the key was changed, and may not survive a loss of power
 */
export async function changeDatabaseKey(storage: Storage, options: ChangeKeyOptions): Promise<void> {
  try {
    const key = options.key === undefined ? undefined : checkKey(options.key);
    const newKey = options.newKey === undefined ? undefined : checkKey(options.newKey);
    if (key === undefined && newKey === undefined) throw new TypeError('key, newKey: neither is given');
    if (storage.capabilities.atomicCommit) throw otherWay(storage);
    await changeKey(storage, { ...options, key, newKey });
  } catch (error) {
    // The reason of a signal is the caller's, whatever it is.
    throw options.signal?.aborted && error === options.signal.reason ? error : storageFailure(error);
  } finally {
    await release(() => storage.close?.());
  }
}

function otherWay({ capabilities: { kind } }: Storage): VfsError {
  return new VfsError('STORAGE_UNAVAILABLE', `a storage of kind ${kind} encrypts what it stores itself`, {
    hint: 'For a database in IndexedDB, call changeIndexedDbKey().',
  });
}

import { changeStoredKey } from '#persistence/open-storage';
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { PersistenceError } from '../api/errors.ts';
import type { ChangeKeyOptions, StoredDatabaseOptions } from '../api/persistence.ts';
import { resultCodeOf, toPersistenceError } from '../engine/error-mapping.ts';
import { abortedError, throwIfAborted } from '../validation/abort.ts';
import { checkLongOperation } from '../validation/long-operation.ts';
import { checkEncryptionKey, checkOptions, settingsOf } from './open-options.ts';

const OPERATION = 'changeKey';

/**
 * See `changeKey` in `open-persistence.ts`.
 * @param changeStored - changes the key on the storage that the options name
 */
export async function changeKeyInProcess(
  database: StoredDatabaseOptions,
  options: ChangeKeyOptions,
  changeStored: typeof changeStoredKey = changeStoredKey,
): Promise<void> {
  checkOptions(database);
  const { newKey, onProgress, signal } = checkLongOperation(OPERATION, options);
  checkEncryptionKey({ operation: OPERATION, name: 'newKey' }, newKey, database.storage);
  const { key } = database;
  if ((database.storage as string) === 'memory' || (key === undefined && newKey === undefined)) {
    throw new PersistenceError(
      'INVALID_ARGUMENT',
      (database.storage as string) === 'memory'
        ? 'A database in memory does not exist before it is opened'
        : 'Missing required parameters: key or newKey',
      { operation: OPERATION },
    );
  }
  const stage = key === undefined ? 'encrypt' : newKey === undefined ? 'decrypt' : 'rekey';
  throwIfAborted(OPERATION, signal);
  try {
    await changeStored(
      { ...database, create: false },
      {
        key,
        newKey,
        signal,
        busyDeadlineMs: settingsOf(database).policy.busyDeadlineMs,
        onProgress: (done, total) => onProgress?.({ stage, done, total, unit: 'bytes' }),
      },
    );
  } catch (error) {
    // A signal ends only what has not begun: a later failure may be that of a changed key.
    const hasBegun = error !== signal?.reason && resultCodeOf(error) !== ResultCode.BUSY;
    throw signal?.aborted && !hasBegun
      ? abortedError(OPERATION, signal)
      : toPersistenceError(error, OPERATION);
  }
}

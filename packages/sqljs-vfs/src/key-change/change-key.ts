/**
 * Encrypts a database that exists, decrypts it, or gives it another key. A copy is made, checked, and written into the
 * file under SQLite's exclusive lock, so that no other connection reads or writes in between, and none goes on with another
 * file.
 */
import { hasChangeJournal } from '../change-journal.ts';
import type { EncryptionKey } from '../contract/encryption-key.ts';
import { LockLevel } from '../contract/database-lock.ts';
import { passThrough } from '../contract/storage-transactions.ts';
import type { Storage, StorageFile } from '../contract/storage.ts';
import { wrapStorage } from '../contract/wrap-storage.ts';
import type { DurableDatabase } from '../durable-database.ts';
import { SqliteError, VfsError } from '../errors.ts';
import { openDatabase, rollBackKeyChange } from '../open-database.ts';
import { ResultCode } from '../result-codes.ts';
import { pause } from '../retry.ts';
import { retryBusy } from '../retry-busy.ts';
import { hasHotJournal } from '../rollback-journal.ts';
import { replaceContent } from './replace-content.ts';
import { makeVerifiedCopy } from './verified-copy.ts';

/** Options of `changeDatabaseKey`. */
export interface ChangeKeyOptions {
  /** Key of the database. @default none: it is not encrypted */
  readonly key?: EncryptionKey | undefined;
  /** Key that it gets. @default none: it is decrypted */
  readonly newKey?: EncryptionKey | undefined;
  /** How long to wait for other connections, in milliseconds. @default 30000 */
  readonly busyDeadlineMs?: number;
  /**
   * Called now and then with what has been done of the work, in bytes. While SQLite copies, nothing else runs in this thread.
   */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Ends the work before the file is changed, with the signal's reason. A change that has begun is finished. */
  readonly signal?: AbortSignal | undefined;
}

/** The file is read and written three times: into the copy, into the journal, and from the copy. */
const PASSES = 3;

/** See {@link changeDatabaseKey}. The caller has checked the keys. */
export async function changeKey(storage: Storage, options: ChangeKeyOptions): Promise<void> {
  const { key, newKey, busyDeadlineMs = 30_000, onProgress, signal } = options;
  signal?.throwIfAborted();
  const database = await openShared(storage, key, busyDeadlineMs);
  let copy: Storage | undefined;
  try {
    if (database.readOnly) throw new SqliteError(ResultCode.READONLY, `${storage.name} cannot be written`);
    const transactions = storage.transactions ?? passThrough;
    await transactions.writeTransaction(
      async () => {
        const sizeBytes = database.sizeBytes();
        if (sizeBytes === 0) throw new VfsError('NOT_FOUND', `${storage.name} is empty`);
        const report = (pass: number, doneBytes: number): void =>
          onProgress?.(pass * sizeBytes + Math.min(doneBytes, sizeBytes), PASSES * sizeBytes);
        const main = storage.open('main', { create: false, exclusive: false, readOnly: false });
        try {
          const deadline = performance.now() + busyDeadlineMs;
          await lockWriters(storage, main, key, deadline, signal);
          const salt = new Uint8Array(key !== undefined && newKey !== undefined ? 16 : 0);
          main.read(salt, 0);
          copy = await makeVerifiedCopy(database, newKey, salt, (doneBytes) => report(0, doneBytes));
          signal?.throwIfAborted();
          const pageSizeBytes = Number(database.database.exec('PRAGMA page_size')[0]?.values[0]?.[0]);
          database.close();
          await lockReaders(storage, main, performance.now() + busyDeadlineMs, signal);
          const content = copy.open('main', { create: false, exclusive: false, readOnly: true });
          await replaceContent(storage, main, content, {
            pageSizeBytes,
            async onJournal(doneBytes) {
              await pause(0);
              signal?.throwIfAborted();
              report(1, doneBytes);
            },
            async onContent(doneBytes) {
              await pause(0);
              report(2, Math.round((doneBytes / content.sizeBytes()) * sizeBytes));
            },
          });
        } finally {
          let isInterrupted = false;
          await release(() => {
            isInterrupted = hasChangeJournal(storage);
          });
          await release(() => main.unlock(LockLevel.none));
          await release(() => main.close());
          // After a failure the next connection tries again.
          if (isInterrupted) await release(() => rollBackKeyChange(storage));
        }
      },
      () => undefined,
    );
  } finally {
    await release(() => database.close());
    await release(() => copy?.close?.());
  }
}

/** Gives back what is no longer needed. Failing to do so means nothing: the key is changed, or another error tells why not. */
export async function release(giveBack: () => void | Promise<void>): Promise<void> {
  try {
    await giveBack();
  } catch {
    // See above.
  }
}

/** Opens the database in rollback mode: a log is moved into the file first. */
async function openShared(
  storage: Storage,
  key: EncryptionKey | undefined,
  busyDeadlineMs: number,
): Promise<DurableDatabase> {
  const options = { ...(key !== undefined && { key }), busyDeadlineMs };
  // The storage is needed until the content is replaced.
  const kept = wrapStorage(storage, { close: () => undefined });
  try {
    return await openDatabase(kept, options);
  } catch (error) {
    if (!(error instanceof VfsError && error.code === 'WAL_MODE')) throw error;
  }
  const owner = await openDatabase(kept, { ...options, exclusive: true });
  owner.close();
  return openDatabase(kept, options);
}

/** Keeps other connections from writing; they may still read. */
async function lockWriters(
  storage: Storage,
  main: StorageFile,
  key: EncryptionKey | undefined,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let hasWaited = false;
  await retryBusy(
    async () => {
      signal?.throwIfAborted();
      // Beside a reserved lock, other connections take a hot journal for one in use, and read what was never committed.
      const isReader = main.lock(LockLevel.shared);
      const isLocked =
        isReader && !hasHotJournal(storage) && main.lock(LockLevel.reserved) && !hasHotJournal(storage);
      // Another connection may have changed the key meanwhile, which the open one would take for damage.
      if (isLocked && hasWaited) await assertReadable(storage, key);
      if (isLocked) return;
      const isHot = isReader && hasHotJournal(storage);
      main.unlock(LockLevel.none);
      hasWaited = true;
      // SQLite rolls back what a process has left that was killed while it wrote.
      if (isHot) await assertReadable(storage, key);
      throw busy(storage);
    },
    deadline - performance.now(),
    signal,
  );
}

/** Opens the database within the storage's transaction, which the caller holds. @throws as `openDatabase` does */
async function assertReadable(storage: Storage, key: EncryptionKey | undefined): Promise<void> {
  const held = wrapStorage(storage, { transactions: passThrough, close: () => undefined });
  const opened = await openDatabase(held, { ...(key !== undefined && { key }), busyDeadlineMs: 0 });
  opened.close();
}

/** Waits until other connections have finished reading, and keeps them from beginning again. */
function lockReaders(
  storage: Storage,
  main: StorageFile,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return retryBusy(
    () => {
      signal?.throwIfAborted();
      if (!main.lock(LockLevel.exclusive)) throw busy(storage);
    },
    deadline - performance.now(),
    signal,
  );
}

function busy(storage: Storage): SqliteError {
  return new SqliteError(ResultCode.BUSY, `${storage.name} is used by another connection`);
}

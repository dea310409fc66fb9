import { isBusy, UncertainCommit } from '@ggen-sim/sqljs-vfs';
import { isStorageReset, retry } from '@ggen-sim/sqljs-vfs/internal';
import { forReaders } from './retry.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/**
 * Commits. While readers are in the way the transaction stays open: it holds the PENDING lock, so no new reader starts
 * and the wait ends. Rolling back and starting over would let new readers in; with enough of them it would never end
 * (https://www.sqlite.org/lang_transaction.html: such a "transaction remains active and the COMMIT can be retried later").
 * @param deadline - when to stop waiting, on the clock of `performance.now()`; the transaction is then still open
 * @param signal - ends the wait
 * @throws {SqliteError} SQLITE_BUSY after the deadline or the signal; any other failure of COMMIT at once
 */
export function commitWhenReadersFinish(
  connection: SqliteConnection,
  deadline: number,
  signal?: { readonly aborted: boolean },
): Promise<void> {
  return retry(() => void connection.run('COMMIT'), forReaders(deadline, signal));
}

/**
 * Commits like {@link commitWhenReadersFinish} and recognises a failed COMMIT that may have taken effect.
 * @throws {UncertainCommit} when the transaction may be committed; it must not be tried again then
 */
export async function commit(
  connection: SqliteConnection,
  deadline: number,
  signal?: { readonly aborted: boolean },
): Promise<void> {
  const counterBefore = readChangeCounter(connection);
  try {
    await commitWhenReadersFinish(connection, deadline, signal);
  } catch (error) {
    // A storage that was reset refused the commit before anything of it was written.
    if (isBusy(error) || isStorageReset(error) || !mayBeCommitted(connection, counterBefore)) throw error;
    throw new UncertainCommit(error);
  }
}

/**
 * Returns true when a transaction whose COMMIT failed may be in the file. The last sync of a commit comes after the
 * point where SQLite can still roll it back. A commit by another process at that moment looks the same.
 */
function mayBeCommitted(connection: SqliteConnection, counterBefore: number | undefined): boolean {
  connection.rollbackQuietly();
  try {
    // Reading makes SQLite roll back the journal that a failed rollback left.
    connection.touchSchema();
  } catch {
    return true;
  }
  const counter = readChangeCounter(connection);
  return counter === undefined || counter !== counterBefore;
}

/** Reads the file's change counter; undefined where that fails, because it must not fail a commit. */
function readChangeCounter(connection: SqliteConnection): number | undefined {
  try {
    return connection.durable.changeCounter();
  } catch {
    return undefined;
  }
}

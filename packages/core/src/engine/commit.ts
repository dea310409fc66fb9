import { isBusy, pause } from '@ggen-sim/sqljs-vfs';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Readers leave within milliseconds, and meanwhile this process keeps everybody else out: it looks often. */
const PAUSE_MS = 2;

/**
 * Commits. While readers are in the way the transaction stays open: it holds the pending lock, so no new reader comes,
 * and waiting ends. Rolling back and beginning anew would let them in again, and with enough of them never end
 * (https://www.sqlite.org/lang_transaction.html: such a "transaction remains active and the COMMIT can be retried later").
 * @param deadline - when to stop waiting, on the clock of `performance.now()`; the transaction is then still open
 * @throws SqliteError SQLITE_BUSY (5) after the deadline; what else fails a COMMIT at once
 */
export async function commitOnceReadersLeave(connection: SqliteConnection, deadline: number): Promise<void> {
  for (;;) {
    try {
      connection.run('COMMIT');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}

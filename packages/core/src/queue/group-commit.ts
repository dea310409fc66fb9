/**
 * Group commit: one transaction for many writes. A commit costs several syncs, and every write of the group shares them.
 *
 * When a write fails by its own fault, the transaction is rolled back and run again with a savepoint for each write, so
 * that the other writes are committed. Without savepoints SQLite need not copy the pages that every write of a group
 * changes, and failures are rare.
 */
import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { isStorageReset } from '@ggen-sim/sqljs-vfs/internal';
import { commit } from '../engine/commit.ts';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';

/** Result codes of failures that end the whole transaction; SQLite may have rolled it back itself. */
const TRANSACTION_FAILURES: ReadonlySet<number | undefined> = new Set([
  ResultCode.BUSY,
  ResultCode.NOMEM,
  ResultCode.READONLY,
  ResultCode.INTERRUPT,
  ResultCode.IOERR,
  ResultCode.CORRUPT,
  ResultCode.FULL,
  ResultCode.CANTOPEN,
]);

/** A write of a group: synchronous and repeatable. */
export type Write = () => unknown;

/** Outcome of one write of a committed group. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** Circumstances of a group's transaction. */
export interface GroupOptions {
  /** Until when the commit waits for readers, on the clock of `performance.now()`. */
  readonly deadline: number;
  /** Ends that wait. */
  readonly abort: { readonly aborted: boolean };
  /** Runs in each transaction before the writes; its failure is one of the transaction. */
  readonly begin: () => void;
}

/**
 * Runs writes in one transaction and commits those that succeed. Leaves no transaction open when it throws.
 * @returns the outcome of each write, in order
 * @throws what failed the transaction as a whole
 */
export async function commitGroup(
  connection: SqliteConnection,
  writes: readonly Write[],
  { deadline, abort, begin }: GroupOptions,
): Promise<Outcome[]> {
  const options = {
    commit: (outcomes: readonly Outcome[]): void | Promise<void> =>
      outcomes.every((outcome) => 'error' in outcome)
        ? connection.rollback()
        : commit(connection, deadline, abort),
  };
  try {
    return await connection.transaction('write', () => runTogether(begin, writes), options);
  } catch (error) {
    if (!(error instanceof WriteFailed)) throw error;
  }
  return connection.transaction('write', () => runInSavepoints(connection, begin, writes), options);
}

/** One of several writes failed by its own fault, so the transaction has to be run again with savepoints. */
class WriteFailed extends Error {}

function runTogether(begin: () => void, writes: readonly Write[]): Outcome[] {
  begin();
  return writes.map((write) => {
    const outcome = outcomeOf(write);
    if ('error' in outcome && writes.length > 1) throw new WriteFailed();
    return outcome;
  });
}

function runInSavepoints(
  connection: SqliteConnection,
  begin: () => void,
  writes: readonly Write[],
): Outcome[] {
  begin();
  return writes.map((write) => {
    connection.run('SAVEPOINT operation');
    const outcome = outcomeOf(write);
    if ('error' in outcome) connection.run('ROLLBACK TO operation');
    connection.run('RELEASE operation');
    return outcome;
  });
}

/** Runs a write. @throws what fails its transaction as a whole */
function outcomeOf(write: Write): Outcome {
  try {
    return { result: write() };
  } catch (error) {
    if (isStorageReset(error) || TRANSACTION_FAILURES.has(resultCodeOf(error))) throw error;
    return { error };
  }
}

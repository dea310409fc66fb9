import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue, Steps } from '../queue/operation-queue.ts';

/** Size up to which a database is vacuumed for any free page: that takes milliseconds. */
const QUICK_BYTES = 8 * 1024 * 1024;

/** Size up to which a database is vacuumed by itself. Vacuuming a larger one locks others out for too long. */
const MAX_UNASKED_BYTES = 256 * 1024 * 1024;

/** Part of a file that has to be free for VACUUM, which writes the rest twice. */
const WORTHWHILE_PART = 1 / 4;

/** Pages that one transaction of an incremental vacuum gives back. */
const STEP_PAGES = 1000;

/**
 * Within exclusive work: gives the room of deleted rows back to the storage (VACUUM).
 * @param becomesIncremental - true to let later vacuums of this file give back single pages
 */
export function vacuum(
  connection: SqliteConnection,
  queue: OperationQueue,
  becomesIncremental: boolean = false,
): Promise<void> {
  const run = (): void => {
    if (becomesIncremental) connection.exec('PRAGMA auto_vacuum=INCREMENTAL');
    connection.exec('VACUUM');
    // Until the checkpoint the smaller database is in the log, and the file is as large as before.
    connection.checkpoint();
  };
  return queue.retryTransient(() => connection.durable.writeTransaction(run));
}

/** The room in a database file, in bytes. */
interface Room {
  readonly freeBytes: number;
  readonly usedBytes: number;
  /** True when SQLite can give back single pages (https://www.sqlite.org/pragma.html#pragma_auto_vacuum). */
  readonly isIncremental: boolean;
}

function readRoom(connection: SqliteConnection): Room {
  const freeBytes = connection.freeBytes();
  const [autoVacuum] = connection.get('PRAGMA auto_vacuum') ?? [];
  return { freeBytes, usedBytes: connection.sizeBytes() - freeBytes, isIncremental: autoVacuum !== 0 };
}

/**
 * Gives the room of deleted rows back to the storage: as a whole when that is asked for or worth it, otherwise page by
 * page where the file permits that. Free pages that stay in the file are used by later rows.
 * @param asked - true to vacuum in any case, false never to
 * @param signal - stops the work after a step; what was given back stays so
 */
export async function giveRoomBack(
  connection: SqliteConnection,
  queue: OperationQueue,
  steps: Steps,
  asked: boolean | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (asked === false || signal?.aborted) return;
  queue.assertWritable('cleanup');
  const room = await steps.read(() => connection.snapshot(() => readRoom(connection)));
  if (asked ?? isWorthwhile(room)) {
    await steps.exclusive([], () =>
      vacuum(connection, queue, room.usedBytes > QUICK_BYTES && !room.isIncremental),
    );
    return;
  }
  if (!room.isIncremental) return;
  for (let left = room.freeBytes, before = Infinity; left > 0 && left < before;) {
    if (signal?.aborted) break;
    before = left;
    left = await steps.write([], () => {
      connection.run(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
      return connection.freeBytes();
    });
  }
  await steps.exclusive([], () => queue.retryTransient(async () => connection.checkpoint()));
}

/** True for a failure of giving room back after which the room may stay in the file. */
export function leavesRoom(error: unknown): error is PersistenceError {
  return (
    error instanceof PersistenceError &&
    ['ABORTED', 'DATABASE_LOCKED', 'DISK_FULL', 'IO_ERROR'].includes(error.code)
  );
}

function isWorthwhile({ freeBytes, usedBytes, isIncremental }: Room): boolean {
  if (freeBytes === 0) return false;
  if (usedBytes <= QUICK_BYTES) return true;
  const isLargePart = freeBytes >= (freeBytes + usedBytes) * WORTHWHILE_PART;
  return isLargePart && usedBytes <= MAX_UNASKED_BYTES && !isIncremental;
}

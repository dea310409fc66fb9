import { pause } from '@ggen-sim/sqljs-vfs/internal';
import { PersistenceError } from '../api/errors.ts';
import type { CleanupOptions, CleanupReport, LongOperationOptions, TableName } from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import { rangesOf } from '../change-log/rowid-ranges.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { isTemporaryFileFailure, isUncertain } from '../engine/error-mapping.ts';
import type { OperationQueue, Steps } from '../queue/operation-queue.ts';
import { notHeldCondition } from '../schema/holds.ts';
import { olderConditions, type Rowid } from '../tables/foreign-times.ts';
import { TABLES } from '../tables/index.ts';
import type { AnyTable } from '../tables/table.ts';
import { abortable, abortedError, throwIfAborted } from '../validation/abort.ts';
import { giveRoomBack, leavesRoom } from './vacuum.ts';

const OPERATION = 'cleanup';

/** Rows that one transaction deletes; other connections save, and a caller can stop the cleanup, in between. */
const BATCH_ROWS = 2000;

/** Time between two transactions. Other connections look for a free lock every 5 to 100 ms. */
const FREE_MS = 20;

/** A table whose rows age. */
interface AgeingTable extends AnyTable {
  readonly ageingColumn: string;
}

const AGEING_TABLES: readonly AgeingTable[] = TABLES.filter(
  (table): table is AgeingTable => table.ageingColumn !== undefined,
);

/** Counts the rows older than a time, or deletes them and gives their room back. */
export async function cleanup(
  connection: SqliteConnection,
  queue: OperationQueue,
  changeLog: ChangeLog,
  before: string,
  options: CleanupOptions & { readonly days: number },
): Promise<CleanupReport> {
  const { days, dryRun = false } = options;
  const report = (sizeBeforeBytes: number, oldRows: OldRows): CleanupReport => ({
    days,
    dryRun,
    before,
    ...deletedCounts(oldRows),
    sizeBeforeBytes,
    sizeAfterBytes: connection.sizeBytes(),
    freeBytes: connection.freeBytes(),
  });
  if (dryRun) {
    const count = (): CleanupReport =>
      connection.snapshot(() => report(connection.sizeBytes(), countOldRows(connection, before)));
    return abortable(OPERATION, options.signal, () =>
      queue.runInSteps(OPERATION, (steps) => steps.read(count), options.signal),
    );
  }
  const run = async (steps: Steps): Promise<CleanupReport> => {
    const readSize = (): Promise<number> => steps.read(() => connection.sizeBytes());
    const sizeBeforeBytes = await abortable(OPERATION, options.signal, readSize);
    const deleted = new Map<TableName, number>();
    try {
      await abortable(OPERATION, options.signal, () =>
        deleteOldRows(connection, steps, changeLog, before, options, deleted),
      );
    } catch (error) {
      throw stopped(error, deletedCounts(deleted));
    }
    try {
      await giveRoomBack(connection, queue, steps, options.vacuum, options.signal);
    } catch (error) {
      if (!leavesRoom(error)) throw error;
      // The deletion is committed. The room that could not be given back, or not before an abort, is in the report.
      if (options.vacuum && !options.signal?.aborted) throw roomNotGivenBack(error, deletedCounts(deleted));
    }
    try {
      return await steps.read(() => connection.snapshot(() => report(sizeBeforeBytes, deleted)));
    } catch (error) {
      const { signal } = options;
      // An abort ends the wait for a lock with the failure of the lock.
      const reason = signal?.aborted && leavesRoom(error) ? abortedError(OPERATION, signal) : error;
      throw stopped(reason, deletedCounts(deleted));
    }
  };
  return queue.runInSteps(OPERATION, run, options.signal);
}

function roomNotGivenBack(cause: PersistenceError, deleted: DeletedCounts): PersistenceError {
  const hint =
    'Clean up again with `vacuum` once there is room for a copy of the database and nobody else uses it.';
  return new PersistenceError(
    cause.code,
    `Deleted ${described(deleted)}, but their room was not given back: ${cause.message}`,
    {
      operation: OPERATION,
      cause: cause.cause,
      hint: isTemporaryFileFailure(cause) ? `${cause.hint ?? ''} ${hint}` : hint,
    },
  );
}

/** Says what a cleanup that failed or was aborted has deleted. */
function stopped(error: unknown, deleted: DeletedCounts): unknown {
  if (!(error instanceof PersistenceError)) return error;
  if (isUncertain(error)) return lastBatchUncertain(error, deleted);
  if (Object.values(deleted).every((count) => count === 0)) return error;
  const { code, cause, hint } = error;
  const kept = `${described(deleted)} were deleted before; all other rows are kept`;
  return new PersistenceError(
    code,
    `${code === 'ABORTED' ? 'Aborted by the caller' : error.message}; ${kept}`,
    {
      operation: OPERATION,
      cause,
      hint: hint ?? 'Clean up again to delete the rest.',
    },
  );
}

/** Says what is deleted when the storage failed at the end of a commit. */
function lastBatchUncertain({ code, cause }: PersistenceError, deleted: DeletedCounts): PersistenceError {
  return new PersistenceError(
    code,
    `The storage failed at the end of a commit: at least ${described(deleted)} were deleted, perhaps up to ${BATCH_ROWS} old rows more; all other rows are kept`,
    { operation: OPERATION, cause, hint: 'Clean up again to delete the rest.' },
  );
}

function described({ receiptsDeleted, auditEntriesDeleted }: DeletedCounts): string {
  return `${receiptsDeleted} receipts and ${auditEntriesDeleted} audit entries`;
}

/** Old rows of each table that ages. */
type OldRows = ReadonlyMap<TableName, number>;

type DeletedCounts = Pick<CleanupReport, 'receiptsDeleted' | 'auditEntriesDeleted'>;

function deletedCounts(oldRows: OldRows): DeletedCounts {
  return Object.fromEntries(
    AGEING_TABLES.map(({ name, reportKey }) => [`${reportKey}Deleted`, oldRows.get(name) ?? 0]),
  ) as unknown as DeletedCounts;
}

function countOldRows(connection: SqliteConnection, before: string): OldRows {
  return new Map(
    AGEING_TABLES.map(({ name, ageingColumn }) => {
      const isFree = notHeldCondition(connection, name);
      const counts = olderConditions(connection, { name, timeColumn: ageingColumn }, before).map(
        ({ sql, values }) =>
          Number(connection.get(`SELECT count(*) FROM ${name} WHERE ${sql} AND ${isFree}`, values)?.[0]),
      );
      return [name, counts.reduce((sum, count) => sum + count, 0)];
    }),
  );
}

/**
 * Deletes old rows, each batch in a transaction of its own. In one transaction, saves of other processes would wait for all
 * of it, which takes longer than their deadline where there are millions of rows.
 * @param deleted - filled with what is committed
 */
async function deleteOldRows(
  connection: SqliteConnection,
  steps: Steps,
  changeLog: ChangeLog,
  before: string,
  { signal, onProgress }: LongOperationOptions,
  deleted: Map<TableName, number>,
): Promise<void> {
  for (const table of AGEING_TABLES) {
    let done = 0;
    for (let batch = BATCH_ROWS; batch === BATCH_ROWS;) {
      if (done > 0) await pause(FREE_MS);
      throwIfAborted(OPERATION, signal);
      batch = await deleteBatch(connection, steps, changeLog, table, before);
      done += batch;
      deleted.set(table.name, done);
      onProgress?.({ stage: table.name, done, total: undefined, unit: 'rows' });
    }
  }
}

/** Deletes the next old rows of a table. @returns their number; fewer than {@link BATCH_ROWS} when none are left */
function deleteBatch(
  connection: SqliteConnection,
  steps: Steps,
  changeLog: ChangeLog,
  { name, ageingColumn }: AgeingTable,
  before: string,
): Promise<number> {
  // Filled by the work: a batch that deletes nothing commits nothing, and there is no change to report.
  const changed: TableName[] = [];
  return steps.write(changed, () => {
    const rowids: Rowid[] = [];
    const isFree = notHeldCondition(connection, name);
    for (const { sql, values } of olderConditions(connection, { name, timeColumn: ageingColumn }, before)) {
      const deleted = connection.all(
        `DELETE FROM ${name} WHERE rowid IN (SELECT rowid FROM ${name} WHERE ${sql} AND ${isFree} LIMIT ?) RETURNING rowid`,
        [...values, BATCH_ROWS - rowids.length],
      );
      for (const [rowid] of deleted) rowids.push(rowid as Rowid);
    }
    const count = rowids.length;
    if (count > 0 && changeLog.origin !== undefined) {
      changeLog.noteDeletion({ table: name, cause: 'cleanup', count, before, rowids: rangesOf(rowids) });
    }
    if (count > 0 && changed.length === 0) changed.push(name);
    return count;
  });
}

import { yieldToEventLoop } from '#queue/yield';
import { PersistenceError } from '../api/errors.ts';
import type { CleanupOptions, CleanupReport, LongOperationOptions, TableName } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { olderConditions } from '../tables/foreign-times.ts';
import { TABLE_NAMES, TABLES } from '../tables/index.ts';
import type { AnyTable } from '../tables/table.ts';
import { abortable, throwIfAborted } from '../validation/abort.ts';
import { giveRoomBack } from './vacuum.ts';

const OPERATION = 'cleanup';

/** Rows deleted at a time; a caller can stop the cleanup in between. */
const BATCH_ROWS = 2000;

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
    return queue.enqueueRead(OPERATION, () =>
      connection.snapshot(() => report(connection.sizeBytes(), countOldRows(connection, before))),
    );
  }
  return queue.runInSteps(OPERATION, async (steps) => {
    const sizeBeforeBytes = await steps.read(() => connection.sizeBytes());
    // Filled by the work: a cleanup that deletes nothing commits nothing, and there is no change to report.
    const changed: TableName[] = [];
    const deleted = await steps.exclusive(changed, async () => {
      const oldRows = await abortable(OPERATION, options.signal, () =>
        queue.withWriteTransaction(() => deleteOldRows(connection, before, options)),
      );
      if ([...oldRows.values()].some((count) => count > 0)) changed.push(...TABLE_NAMES);
      return oldRows;
    });
    try {
      await giveRoomBack(connection, queue, steps, options.vacuum, options.signal);
    } catch (error) {
      if (!isStorageFailure(error)) throw error;
      // The deletion is committed. The room that could not be given back is in the report.
      if (options.vacuum) throw roomNotGivenBack(error, deletedCounts(deleted));
    }
    return steps.read(() => connection.snapshot(() => report(sizeBeforeBytes, deleted)));
  });
}

function isStorageFailure(error: unknown): error is PersistenceError {
  return (
    error instanceof PersistenceError && ['DATABASE_LOCKED', 'DISK_FULL', 'IO_ERROR'].includes(error.code)
  );
}

function roomNotGivenBack(cause: PersistenceError, deleted: DeletedCounts): PersistenceError {
  const { receiptsDeleted, auditEntriesDeleted } = deleted;
  return new PersistenceError(
    cause.code,
    `Deleted ${receiptsDeleted} receipts and ${auditEntriesDeleted} audit entries, but their room was not given back: ${cause.message}`,
    {
      operation: OPERATION,
      cause: cause.cause,
      hint: 'Clean up again with `vacuum` once there is room for a copy of the database and nobody else uses it.',
    },
  );
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
      const counts = olderConditions(connection, { name, timeColumn: ageingColumn }, before).map(
        ({ sql, values }) => Number(connection.get(`SELECT count(*) FROM ${name} WHERE ${sql}`, values)?.[0]),
      );
      return [name, counts.reduce((sum, count) => sum + count, 0)];
    }),
  );
}

/** Deletes old rows in batches. The caller holds a transaction. */
async function deleteOldRows(
  connection: SqliteConnection,
  before: string,
  { signal, onProgress }: LongOperationOptions,
): Promise<OldRows> {
  const deleted = new Map<TableName, number>();
  for (const { name, ageingColumn } of AGEING_TABLES) {
    let done = 0;
    for (const { sql, values } of olderConditions(connection, { name, timeColumn: ageingColumn }, before)) {
      for (let batch = -1; batch !== 0;) {
        throwIfAborted(OPERATION, signal);
        batch = connection.run(
          `DELETE FROM ${name} WHERE rowid IN (SELECT rowid FROM ${name} WHERE ${sql} LIMIT ${BATCH_ROWS})`,
          values,
        );
        done += batch;
        onProgress?.({ stage: name, done, total: undefined, unit: 'rows' });
        await yieldToEventLoop();
      }
    }
    deleted.set(name, done);
  }
  return deleted;
}

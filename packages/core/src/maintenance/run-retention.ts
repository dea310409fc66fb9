/** Deletes what is beyond the limits of retention policies: the oldest first, each batch in a transaction of its own. */
import { pause } from '@ggen-sim/sqljs-vfs/internal';
import { PersistenceError } from '../api/errors.ts';
import type {
  PolicyReport,
  RetentionOptions,
  RetentionPolicy,
  RetentionReport,
  TableName,
} from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import { rangesOf } from '../change-log/rowid-ranges.ts';
import { RowidSet } from '../change-log/rowid-set.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue, Steps } from '../queue/operation-queue.ts';
import { notHeldCondition } from '../schema/holds.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { readPositions, type Cursor, type RowPosition } from '../tables/keyset-pagination.ts';
import type { RowFilter } from '../tables/row-filter.ts';
import type { AnyTable } from '../tables/table.ts';
import { abortable, abortedError, throwIfAborted } from '../validation/abort.ts';
import { giveRoomBack, leavesRoom } from './vacuum.ts';

const OPERATION = 'runRetention';

/** Rows that one step looks at, and deletes. */
const BATCH_ROWS = 2000;

/** Time between two transactions. Other connections look for a free lock every 5 to 100 ms. */
const FREE_MS = 20;

/** A policy whose members were checked. */
export interface CheckedPolicy extends Pick<RetentionPolicy, 'name' | 'maxCount' | 'maxBytes'> {
  readonly table: AnyTable;
  readonly filter: RowFilter;
  /** Time before which rows are deleted; undefined without a limit of age. */
  readonly before: string | undefined;
}

/** One run of the policies. */
export class RetentionRun {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #changeLog: ChangeLog;
  readonly #steps: Steps;
  readonly #options: RetentionOptions;
  /** In a dry run: the rows that would be gone. */
  readonly #gone: Map<TableName, RowidSet> = new Map();

  constructor(
    connection: SqliteConnection,
    queue: OperationQueue,
    changeLog: ChangeLog,
    steps: Steps,
    options: RetentionOptions,
  ) {
    this.#connection = connection;
    this.#queue = queue;
    this.#changeLog = changeLog;
    this.#steps = steps;
    this.#options = options;
  }

  async run(policies: readonly CheckedPolicy[]): Promise<RetentionReport> {
    const { dryRun = false, vacuum, signal } = this.#options;
    const connection = this.#connection;
    const readSize = (): Promise<number> => this.#steps.read(() => connection.sizeBytes());
    const sizeBeforeBytes = await abortable(OPERATION, signal, readSize);
    const reports: PolicyReport[] = [];
    try {
      await abortable(OPERATION, signal, async () => {
        for (const policy of policies) await this.#apply(policy, reports);
      });
    } catch (error) {
      throw stopped(error, reports, dryRun);
    }
    try {
      if (!dryRun) await giveRoomBack(connection, this.#queue, this.#steps, vacuum, signal);
    } catch (error) {
      // The deletion is committed. The room that could not be given back is in the report.
      if (!leavesRoom(error) || (vacuum === true && !signal?.aborted)) throw stopped(error, reports, dryRun);
    }
    try {
      return await this.#steps.read(() => ({
        dryRun,
        policies: reports,
        sizeBeforeBytes,
        sizeAfterBytes: connection.sizeBytes(),
        freeBytes: connection.freeBytes(),
      }));
    } catch (error) {
      // An abort ends the wait for a lock with the failure of the lock.
      const reason = signal?.aborted && leavesRoom(error) ? abortedError(OPERATION, signal) : error;
      throw stopped(reason, reports, dryRun);
    }
  }

  /** @param reports - the report of the policy is added to it, and goes on with what is committed */
  async #apply(policy: CheckedPolicy, reports: PolicyReport[]): Promise<void> {
    const { table, filter, before, maxCount, maxBytes } = policy;
    const report = { name: policy.name, table: table.name, rowsDeleted: 0, rowsHeld: 0 };
    reports.push(report);
    if (before !== undefined)
      await this.#deleteOldest(policy, { ...filter, until: before }, Infinity, report);
    if (maxCount === undefined && maxBytes === undefined) return;
    const beyond = await this.#countBeyond(policy);
    // Rows that are held were counted above if they are too old as well.
    if (before !== undefined) report.rowsHeld = 0;
    if (beyond > 0) await this.#deleteOldest(policy, filter, beyond, report);
  }

  /** Counts the rows that are beyond the limits of number and size, from the newest on. */
  async #countBeyond({
    table,
    filter,
    maxCount = Infinity,
    maxBytes = Infinity,
  }: CheckedPolicy): Promise<number> {
    let kept = 0;
    let bytes = 0;
    let beyond = 0;
    await this.#walk(table, { ...filter, order: 'newest-first' }, (positions) => {
      for (const { rowid, sizeBytes } of positions) {
        if (this.#isGone(table.name, rowid)) continue;
        bytes += sizeBytes;
        if (beyond > 0 || kept === maxCount || bytes > maxBytes) beyond++;
        else kept++;
      }
      return true;
    });
    return beyond;
  }

  /** Calls with each batch of positions, until the call answers false. */
  async #walk(
    table: AnyTable,
    filter: RowFilter,
    visit: (positions: readonly RowPosition[]) => boolean,
  ): Promise<void> {
    let cursor: Cursor | undefined;
    for (;;) {
      throwIfAborted(OPERATION, this.#options.signal);
      const from: Cursor | undefined = cursor;
      const batch = await this.#steps.read(() =>
        readPositions(this.#connection, table, filter, BATCH_ROWS, from),
      );
      if (!visit(batch.positions) || batch.nextCursor === undefined) return;
      cursor = batch.nextCursor;
    }
  }

  /** Deletes the oldest rows that a filter selects, but those that are held. @param count - number of rows to look at */
  async #deleteOldest(
    policy: CheckedPolicy,
    filter: RowFilter,
    count: number,
    report: { rowsDeleted: number; rowsHeld: number },
  ): Promise<void> {
    const { table } = policy;
    const { dryRun = false, signal, onProgress } = this.#options;
    let left = count;
    let cursor: Cursor | undefined;
    do {
      throwIfAborted(OPERATION, signal);
      const from: Cursor | undefined = cursor;
      const read = (): ReturnType<typeof readPositions> =>
        readPositions(this.#connection, table, { ...filter, order: 'oldest-first' }, BATCH_ROWS, from);
      // Filled by the work: a batch that deletes nothing commits nothing, and there is no change to report.
      const changed: TableName[] = [];
      const wanted = left;
      const work = (): { looked: number; deleted: readonly Rowid[]; next: Cursor | undefined } => {
        const { positions, nextCursor: next } = read();
        const rowids = positions
          .map(({ rowid }) => rowid)
          .filter((rowid) => !this.#isGone(table.name, rowid));
        const looked = rowids.slice(0, Math.min(wanted, rowids.length));
        const deleted = this.#deleteRows(policy, looked, dryRun);
        changed.splice(0, changed.length, ...(deleted.length > 0 ? [table.name] : []));
        return { looked: looked.length, deleted, next };
      };
      const batch = await (dryRun
        ? this.#steps.read(() => this.#connection.snapshot(work))
        : this.#steps.write(changed, work));
      left -= batch.looked;
      report.rowsDeleted += batch.deleted.length;
      report.rowsHeld += batch.looked - batch.deleted.length;
      if (dryRun) for (const rowid of batch.deleted) this.#goneOf(table.name).add(rowid);
      onProgress?.({ stage: policy.name, done: report.rowsDeleted, total: undefined, unit: 'rows' });
      cursor = batch.next;
      if (cursor !== undefined && !dryRun) await pause(FREE_MS);
    } while (cursor !== undefined && left > 0);
  }

  /** Deletes rows that are not held, or only finds them. @returns their rowids */
  #deleteRows(
    { name: policy, table: { name } }: CheckedPolicy,
    rowids: readonly Rowid[],
    dryRun: boolean,
  ): Rowid[] {
    const condition = `rowid = ? AND ${notHeldCondition(this.#connection, name)}`;
    const deleted = rowids.filter((rowid) =>
      dryRun
        ? this.#connection.get(`SELECT 1 FROM ${name} WHERE ${condition}`, [rowid]) !== undefined
        : this.#connection.run(`DELETE FROM ${name} WHERE ${condition}`, [rowid]) === 1,
    );
    if (!dryRun && deleted.length > 0 && this.#changeLog.origin !== undefined) {
      const rows = { count: deleted.length, rowids: rangesOf(deleted) };
      this.#changeLog.noteDeletion({ table: name, cause: 'retention', policy, ...rows });
    }
    return deleted;
  }

  #isGone(table: TableName, rowid: Rowid): boolean {
    return this.#gone.get(table)?.has(rowid) ?? false;
  }

  #goneOf(table: TableName): RowidSet {
    const set = this.#gone.get(table) ?? new RowidSet();
    this.#gone.set(table, set);
    return set;
  }
}

/** Says what a run that failed or was aborted has deleted. */
function stopped(error: unknown, reports: readonly PolicyReport[], dryRun: boolean): unknown {
  const count = reports.reduce((sum, { rowsDeleted }) => sum + rowsDeleted, 0);
  if (!(error instanceof PersistenceError) || dryRun || count === 0) return error;
  const { code, cause, hint } = error;
  const message = code === 'ABORTED' ? 'Aborted by the caller' : error.message;
  return new PersistenceError(code, `${message}; ${count} rows were deleted before`, {
    operation: OPERATION,
    cause,
    hint: hint ?? 'Run the retention again to delete the rest.',
  });
}

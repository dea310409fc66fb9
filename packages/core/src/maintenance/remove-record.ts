/**
 * Deletes or redacts one record, as somebody asked for. Its bytes are overwritten with zeros in the transaction
 * (https://www.sqlite.org/pragma.html#pragma_secure_delete); `docs/change-log.md` says what that does not reach.
 */
import { PersistenceError } from '../api/errors.ts';
import type { DeletionReport, RedactionReport, RemovalRequest, TableName } from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import {
  entriesOf,
  redactRow,
  redactVersions,
  type RecordEntry,
  type RedactedVersions,
} from '../change-log/record-entries.ts';
import type { RedactedEntry } from '../change-log/removals.ts';
import { isTemporaryFileFailure } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue, Steps } from '../queue/operation-queue.ts';
import { isHeld } from '../schema/holds.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { describeRecord, findRecord, type FoundRecord, type RecordKey } from '../tables/record-lookup.ts';
import { abortable } from '../validation/abort.ts';
import { giveRoomBack } from './vacuum.ts';

/** A checked {@link RemovalRequest}. */
export interface CheckedRemoval extends Pick<RemovalRequest, 'signal' | 'onProgress' | 'vacuum'> {
  readonly operation: 'deleteRecord' | 'redactRecord';
  readonly record: RecordKey;
  readonly reason: string;
}

/** What one transaction of a removal did. */
type RemovedBatch = Pick<RedactedVersions, 'versions' | 'nextAfter'> & { readonly seq: number | null };

/** Deletes or redacts records of one database. */
export class RecordRemoval {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #changeLog: ChangeLog;

  constructor(connection: SqliteConnection, queue: OperationQueue, changeLog: ChangeLog) {
    this.#connection = connection;
    this.#queue = queue;
    this.#changeLog = changeLog;
  }

  /** Deletes a record; of a memory, it redacts the earlier versions first. */
  async deleteRecord(steps: Steps, removal: CheckedRemoval): Promise<DeletionReport> {
    const { record, reason } = removal;
    const { versions, seq } = await this.#removeInBatches(steps, removal, (found) => {
      const { table, id } = record;
      this.#connection.run(`DELETE FROM ${table.name} WHERE rowid = ?`, [found.rowid]);
      if (this.#changeLog.origin === undefined) return { seq: null, isChanged: true };
      const rowids = [[found.rowid as Rowid, found.rowid as Rowid]] as const;
      const deletion = { table: table.name, cause: 'request', reason, id, count: 1, rowids } as const;
      return { seq: this.#changeLog.noteDeletion(deletion, found.values[0]), isChanged: true };
    });
    return { table: record.table.name, id: record.id, reason, seq, versionsRedacted: versions };
  }

  /** Redacts a record; of a memory, the earlier versions as well. */
  async redactRecord(steps: Steps, removal: CheckedRemoval): Promise<RedactionReport> {
    const { record, reason } = removal;
    let valuesRedacted = 0;
    const { versions, seq } = await this.#removeInBatches(steps, removal, (found, entries) => {
      const row = redactRow(this.#connection, record, found, entries.at(-1));
      ({ valuesRedacted } = row);
      const isChanged = valuesRedacted > 0;
      return { seq: isChanged ? this.#note(removal, found, row.entries) : null, isChanged };
    });
    return {
      table: record.table.name,
      id: record.id,
      reason,
      seq,
      valuesRedacted,
      versionsRedacted: versions,
    };
  }

  /**
   * Redacts earlier versions, a part in each transaction, and removes the row in the transaction of the last ones.
   * @param removeRow - returns the number of the entry that it wrote
   */
  async #removeInBatches(
    steps: Steps,
    removal: CheckedRemoval,
    removeRow: (
      found: FoundRecord,
      entries: readonly RecordEntry[],
    ) => { readonly seq: number | null; readonly isChanged: boolean },
  ): Promise<{ readonly versions: number; readonly seq: number | null }> {
    const { operation, record, signal, onProgress } = removal;
    const { table } = record;
    let versions = 0;
    let seq: number | null = null;
    for (let after: number | undefined = 0; after !== undefined;) {
      // Filled by the work: what changes nothing reports no change.
      const changed: TableName[] = [];
      const from: number = after;
      const write = (): Promise<RemovedBatch> =>
        steps.write(changed, () =>
          overwriting(this.#connection, () => {
            changed.length = 0;
            const found = this.#find(removal);
            const hasLog = this.#changeLog.origin !== undefined;
            const entries = hasLog ? entriesOf(this.#connection, record, found) : [];
            const batch = redactVersions(this.#connection, record, entries, from);
            const noted = batch.versions === 0 ? null : this.#note(removal, found, batch.entries);
            if (batch.nextAfter !== undefined) return { ...batch, seq: noted };
            const row = removeRow(found, entries);
            if (row.isChanged || batch.versions > 0) changed.push(table.name);
            return { ...batch, seq: row.seq ?? noted };
          }),
        );
      const before = versions;
      const done = await abortable(operation, signal, write).catch((error: unknown) => {
        if (before === 0) throw error;
        const kept = `${before} earlier versions of the ${describeRecord(record)} were redacted before`;
        throw withDone(error, operation, kept, 'Ask for the same again to do the rest.');
      });
      versions += done.versions;
      seq = done.seq ?? seq;
      after = done.nextAfter;
      onProgress?.({ stage: operation, done: versions, total: undefined, unit: 'rows' });
    }
    await this.#vacuum(steps, removal, seq);
    return { versions, seq };
  }

  /**
   * Writes the file anew where that was asked for. The removal is committed, so a failure says so, and names its entry.
   * @throws {PersistenceError} DATABASE_LOCKED, DISK_FULL, IO_ERROR, ABORTED
   */
  async #vacuum(steps: Steps, removal: CheckedRemoval, seq: number | null): Promise<void> {
    const { operation, record, signal, vacuum } = removal;
    if (!vacuum) return;
    try {
      const work = (): Promise<void> => giveRoomBack(this.#connection, this.#queue, steps, true, signal);
      await abortable(operation, signal, work);
    } catch (error) {
      const done = operation === 'deleteRecord' ? 'deleted' : 'redacted';
      const entry = seq === null ? '' : ` (entry ${seq} of the change log)`;
      const kept = `the ${describeRecord(record)} is ${done}${entry}, but the file was not written anew`;
      const hint =
        'The next cleanup, deletion or redaction with `vacuum` writes it anew, as VACUUM of sqlite3 does.';
      throw withDone(error, operation, kept, hint);
    }
  }

  /** @throws {PersistenceError} NOT_FOUND, HELD */
  #find({ operation, record }: CheckedRemoval): FoundRecord {
    const found = findRecord(this.#connection, record);
    if (found === undefined) {
      throw new PersistenceError('NOT_FOUND', `There is no ${describeRecord(record)}`, { operation });
    }
    if (isHeld(this.#connection, record.table.name, record.id)) {
      throw new PersistenceError('HELD', `The ${describeRecord(record)} is held`, {
        operation,
        hint: 'Remove its hold first (`removeHold`).',
      });
    }
    return found;
  }

  #note(
    { record: { table, id }, reason }: CheckedRemoval,
    { values }: FoundRecord,
    entries: readonly RedactedEntry[],
  ): number | null {
    if (this.#changeLog.origin === undefined) return null;
    return this.#changeLog.noteRedaction(
      { table: table.name, cause: 'request', reason, ids: [id], entries },
      values[0],
    );
  }
}

/** Runs work in a transaction that overwrites what it removes from the pages of the file. */
export function overwriting<T>(connection: SqliteConnection, work: () => T): T {
  connection.exec('PRAGMA secure_delete=ON');
  try {
    return work();
  } finally {
    connection.exec('PRAGMA secure_delete=OFF');
  }
}

/** Says what a removal that failed or was aborted has done before. */
function withDone(error: unknown, operation: string, done: string, hint: string): unknown {
  if (!(error instanceof PersistenceError)) return error;
  const reason = error.code === 'ABORTED' ? 'Aborted by the caller' : error.message;
  return new PersistenceError(error.code, `${reason}; ${done}`, {
    operation,
    cause: error.cause,
    hint: isTemporaryFileFailure(error) ? `${error.hint ?? ''} ${hint}` : hint,
  });
}

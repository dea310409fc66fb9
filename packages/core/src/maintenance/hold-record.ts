import { PersistenceError } from '../api/errors.ts';
import type { Hold } from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { deleteHold, hasHolds, writeHold } from '../schema/holds.ts';
import { describeRecord, findRecord, type RecordKey } from '../tables/record-lookup.ts';
import { toTimestamp } from '../validation/timestamps.ts';

/** Holds a record. The caller holds a transaction. @throws {PersistenceError} NOT_FOUND */
export function addHold(
  connection: SqliteConnection,
  changeLog: ChangeLog,
  operation: string,
  record: RecordKey,
  reason: string,
  now: Date,
): Hold {
  const found = findRecord(connection, record);
  if (found === undefined) {
    throw new PersistenceError('NOT_FOUND', `There is no ${describeRecord(record)}`, { operation });
  }
  const hold: Hold = { table: record.table.name, id: record.id, reason, at: toTimestamp(now) };
  writeHold(connection, hold, now);
  if (changeLog.origin !== undefined) changeLog.noteHold(true, hold, found.values[0]);
  return hold;
}

/** Removes the hold of a record, which may be gone. The caller holds a transaction. @throws {PersistenceError} NOT_FOUND */
export function removeHold(
  connection: SqliteConnection,
  changeLog: ChangeLog,
  operation: string,
  record: RecordKey,
): void {
  const { table, id } = record;
  if (!deleteHold(connection, table.name, id)) {
    throw new PersistenceError('NOT_FOUND', `The ${describeRecord(record)} is not held`, { operation });
  }
  if (changeLog.origin === undefined) return;
  changeLog.noteHold(false, { table: table.name, id }, findRecord(connection, record)?.values[0]);
}

/** @throws {PersistenceError} HELD when any record is held */
export function refuseWhileHeld(connection: SqliteConnection, operation: string): void {
  if (!hasHolds(connection)) return;
  throw new PersistenceError('HELD', 'There are held records', {
    operation,
    hint: 'List the holds (`listHolds`), and remove them first (`removeHold`).',
  });
}

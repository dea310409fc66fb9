/** The change log of a database whose rows are replaced by those of a backup or an image. */
import type { Hold, LongOperationOptions } from '../api/persistence.ts';
import { adoptInSteps } from '../change-log/adopt-in-steps.ts';
import { ChangeLog } from '../change-log/change-log.ts';
import { everyRow, type Deletion } from '../change-log/removals.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG, createChangeLog, readOrigin, typeOfForeign } from '../schema/change-log-table.ts';
import { isHeld, readHolds, writeHold } from '../schema/holds.ts';
import { momentOf } from '../validation/timestamps.ts';

/** What a restore replaces. */
export interface ReplacedRows {
  /** Id of the database; undefined without a change log. */
  readonly origin: string | undefined;
  readonly deletions: readonly Deletion[];
  /** Holds, which outlive the restore. */
  readonly holds: readonly Hold[];
}

/** Describes the rows that a restore is about to replace. */
export function describeReplaced(connection: SqliteConnection): ReplacedRows {
  const origin = readOrigin(connection);
  return { origin, deletions: everyRow(connection, 'restore', origin), holds: readHolds(connection) };
}

/**
 * Completes the change log of an image before it replaces the database: rows without an entry are adopted, and the id of the
 * database is a new one. An image without a change log gets one if the database had one, unless another program's table or
 * view has its name. The caller holds a transaction.
 */
export async function bringChangeLog(
  image: SqliteConnection,
  { origin, deletions, holds }: ReplacedRows,
  clock: () => Date,
  operation: string,
  options: LongOperationOptions,
): Promise<void> {
  const changeLog = new ChangeLog(image, clock);
  if (readOrigin(image) !== undefined) await adoptInSteps(operation, changeLog.takeOver(deletions), options);
  else if (origin !== undefined && typeOfForeign(image) === undefined)
    await adoptInSteps(operation, changeLog.enable(deletions), options);
  const brought = readHolds(image);
  for (const hold of holds) {
    if (!isHeld(image, hold.table, hold.id)) writeHold(image, hold, new Date(momentOf(hold.at) ?? clock()));
  }
  noteHolds(changeLog, holds, brought);
}

/** Notes the holds that a database had before a restore, and that did not come with it. The caller holds a transaction. */
export function noteHolds(changeLog: ChangeLog, holds: readonly Hold[], brought: readonly Hold[]): void {
  if (changeLog.origin === undefined) return;
  const keys = new Set(brought.map(({ table, id }) => `${table}:${id}`));
  for (const hold of holds) if (!keys.has(`${hold.table}:${hold.id}`)) changeLog.noteHold(true, hold);
}

/**
 * Makes an empty change log, for the entries of a backup's file.
 * @returns false when another program has something of its name, so that there is none
 */
export function emptyChangeLog(connection: SqliteConnection, now: Date): boolean {
  if (readOrigin(connection) !== undefined) connection.run(`DELETE FROM ${CHANGE_LOG.name}`);
  else if (typeOfForeign(connection) === undefined) createChangeLog(connection, now);
  else return false;
  return true;
}

/** The change log of a database whose rows are replaced by those of a backup or an image. */
import { ChangeLog, everyRow, type Deletion } from '../change-log/change-log.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { createChangeLog, readOrigin } from '../schema/change-log-table.ts';

/** What a restore replaces. */
export interface ReplacedRows {
  /** Id of the database; undefined without a change log. */
  readonly origin: string | undefined;
  readonly deletions: readonly Deletion[];
}

/** Describes the rows that a restore is about to replace. */
export function describeReplaced(connection: SqliteConnection): ReplacedRows {
  const origin = readOrigin(connection);
  return { origin, deletions: everyRow(connection, 'restore', origin) };
}

/**
 * Completes the change log of an image before it replaces the database: rows without an entry are adopted, and the id of the
 * database is a new one. An image without a change log gets one if the database had one. The caller holds a transaction.
 */
export function bringChangeLog(image: SqliteConnection, replaced: ReplacedRows, clock: () => Date): void {
  const changeLog = new ChangeLog(image, clock);
  if (readOrigin(image) !== undefined) changeLog.takeOver();
  else if (replaced.origin === undefined) return;
  else for (const _ of changeLog.enable());
  for (const deletion of replaced.deletions) changeLog.noteDeletion(deletion);
}

/** Makes an empty change log, for the entries of a backup's file. */
export function emptyChangeLog(connection: SqliteConnection, now: Date): void {
  if (readOrigin(connection) === undefined) createChangeLog(connection, now);
  else connection.run('DELETE FROM _change_log');
}

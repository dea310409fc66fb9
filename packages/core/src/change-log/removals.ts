/** What the change log says of rows that this program deleted, redacted or holds. */
import type { TableName } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { parseObject } from './entry-body.ts';
import { isRowid } from './position.ts';
import type { RowidRange } from './rowid-ranges.ts';

/** What made this program delete rows. `sync`: it was asked for in another database. */
export type DeletionCause = 'cleanup' | 'retention' | 'request' | 'sync' | 'reset' | 'restore';

/** Rows that were deleted, for the log. */
export interface Deletion {
  readonly table: TableName;
  readonly cause: DeletionCause;
  /** Only of a request, here or in another database: why, in the words of who asked. */
  readonly reason?: string;
  /** Only of retention: name of the policy. */
  readonly policy?: string;
  /** Only of one record: the id that users have of it. */
  readonly id?: string;
  readonly count: number;
  /** First and last rowid of each run of deleted rows; undefined for rows that a restore replaced by others. */
  readonly rowids?: readonly RowidRange[] | undefined;
  /** Rows older than this time were deleted. */
  readonly before?: string;
  /** Id of the database whose rows a reset or a restore replaced. */
  readonly origin?: string | undefined;
}

/** An entry whose content was redacted: its number, its hash, and the hash of what is stored since. */
export type RedactedEntry = readonly [seq: number, leaf: Uint8Array, redactedLeaf: Uint8Array];

/** Content that was replaced by its hash, for the log. */
export interface Redaction {
  readonly table: TableName;
  /**
   * `import` for rows that came redacted from elsewhere, or were redacted while there was no log; `sync` for what was asked
   * for in another database.
   */
  readonly cause: 'request' | 'import' | 'sync';
  readonly reason?: string;
  /** Ids of the records. */
  readonly ids: readonly string[];
  readonly entries: readonly RedactedEntry[];
}

/** Kinds of the entries for a hold, and for its end. */
export const HELD = 'rows.held';
export const RELEASED = 'rows.released';

/** Kind of the entries for redacted content. */
export const REDACTED = 'rows.redacted';

/**
 * Describes every row of every table, before a reset or a restore removes them. Without rowids for a restore, after which
 * other rows have the same ones.
 */
export function everyRow(
  connection: SqliteConnection,
  cause: 'reset' | 'restore',
  origin: string | undefined,
): Deletion[] {
  return TABLE_NAMES.map((table) => {
    const [count, first, last] =
      connection.get(`SELECT count(*), min(rowid), max(rowid) FROM ${table}`) ?? [];
    const rowids: RowidRange[] = isRowid(first) && isRowid(last) ? [[first, last]] : [];
    return { table, cause, count: Number(count), rowids: cause === 'restore' ? undefined : rowids, origin };
  });
}

/**
 * Reads the ids of the records of a table that were redacted.
 * @returns undefined without a change log, which alone knows
 */
export function redactedIds(connection: SqliteConnection, table: TableName): ReadonlySet<string> | undefined {
  if (readOrigin(connection) === undefined) return undefined;
  const ids = new Set<string>();
  for (const [body] of connection.all(`SELECT body FROM ${CHANGE_LOG.name} WHERE kind = '${REDACTED}'`)) {
    const members = parseObject(String(body));
    const named = members['table'] === table ? members['ids'] : undefined;
    for (const id of Array.isArray(named) ? (named as unknown[]) : []) ids.add(String(id));
  }
  return ids;
}

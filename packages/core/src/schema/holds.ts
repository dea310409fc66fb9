/**
 * Holds: records that are not deleted and not redacted, however old they are. Each is a row of `_schema_metadata` with the
 * key `hold:TABLE:ID`, so a backup's image has them, no table is added, and one search finds if a record has one.
 */
import type { Hold, TableName } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { recordColumn } from '../tables/record-lookup.ts';
import { METADATA_TABLE, readMetadata, removeMetadata, writeMetadata } from './metadata.ts';

/** What the keys of holds begin with. */
export const HOLD_PREFIX = 'hold:';

/** The keys of holds are from this one up to, and without, the other. */
const FIRST_KEY = HOLD_PREFIX;
const END_KEY = 'hold;';

function keyOf(table: TableName, id: string): string {
  return `${HOLD_PREFIX}${table}:${id}`;
}

/** Tells if a record is held. */
export function isHeld(connection: SqliteConnection, table: TableName, id: string): boolean {
  return readMetadata(connection, keyOf(table, id)) !== undefined;
}

/** Stores a hold, in place of one that the record has. The caller holds a transaction. */
export function writeHold(connection: SqliteConnection, { table, id, reason }: Hold, now: Date): void {
  writeMetadata(connection, keyOf(table, id), reason, now);
}

/** Removes a hold. The caller holds a transaction. @returns false when there was none */
export function deleteHold(connection: SqliteConnection, table: TableName, id: string): boolean {
  return removeMetadata(connection, keyOf(table, id));
}

/** Lists the holds, by their tables and ids. */
export function readHolds(connection: SqliteConnection): Hold[] {
  const rows = connection.all(
    `SELECT key, value, updated_at FROM ${METADATA_TABLE} WHERE key >= ? AND key < ? ORDER BY key`,
    [FIRST_KEY, END_KEY],
  );
  return rows.flatMap(([key, reason, at]): Hold[] => {
    const [table, ...id] = String(key).slice(HOLD_PREFIX.length).split(':');
    const name = TABLE_NAMES.find((each) => each === table);
    // Another program may have stored anything.
    return name === undefined
      ? []
      : [{ table: name, id: id.join(':'), reason: String(reason), at: String(at) }];
  });
}

/** Tells if any record of a table, or of any, is held. */
export function hasHolds(connection: SqliteConnection, table?: TableName): boolean {
  const [first, end] =
    table === undefined ? [FIRST_KEY, END_KEY] : [keyOf(table, ''), `${HOLD_PREFIX}${table};`];
  return (
    connection.get(`SELECT 1 FROM ${METADATA_TABLE} WHERE key >= ? AND key < ? LIMIT 1`, [first, end]) !==
    undefined
  );
}

/** Makes the condition for rows of a table that are not held; `true` where none is. */
export function notHeldCondition(connection: SqliteConnection, table: TableName): string {
  if (!hasHolds(connection, table)) return 'true';
  const key = `'${keyOf(table, '')}' || ${table}.${recordColumn(table)}`;
  return `NOT EXISTS (SELECT 1 FROM ${METADATA_TABLE} WHERE key = ${key})`;
}

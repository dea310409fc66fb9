/** Where the change log ends, and the greatest rowid of each table as of that. It is stored now and then. */
import type { TableName } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { readMetadata, writeMetadata } from '../schema/metadata.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { encodeObject, parseObject } from './entry-body.ts';

/** Greatest rowid of each table that has an entry, as of a number of the log. */
export interface Position {
  seq: number;
  readonly rowids: Record<TableName, Rowid>;
}

/** The last rowid of a table without any: every rowid is greater. */
export const NO_ROWID: Rowid = -Infinity;

/** Key in `_schema_metadata` of a {@link Position} that the search for the last one starts from. */
const POSITION_KEY = 'change_log_position';

/** Makes the position of a log without entries of rows. @param seq - number of its last entry */
export function startPosition(seq: number): Position {
  return { seq, rowids: { receipts: NO_ROWID, agent_memory: NO_ROWID, audit_log: NO_ROWID } };
}

/** Reads the stored position; the start where there is none. */
export function readPosition(connection: SqliteConnection): Position {
  const { seq, ...stored } = parseObject(readMetadata(connection, POSITION_KEY) ?? '{}');
  const position = startPosition(typeof seq === 'number' ? seq : 0);
  for (const table of TABLE_NAMES) {
    position.rowids[table] = fromMember(stored[table]) ?? NO_ROWID;
  }
  return position;
}

/** Stores a position. The caller holds a transaction. */
export function writePosition(connection: SqliteConnection, { seq, rowids }: Position, now: Date): void {
  writeMetadata(connection, POSITION_KEY, encodeObject({ seq, ...toMembers(rowids) }), now);
}

/** Makes the member of a body that says what the last rowid is: `null` for none. */
export function toMember(last: Rowid): Rowid | null {
  return last === NO_ROWID ? null : last;
}

/** Makes such a member for each table. */
export function toMembers(last: Readonly<Record<TableName, Rowid>>): Record<string, Rowid | null> {
  return Object.fromEntries(TABLE_NAMES.map((table) => [table, toMember(last[table])]));
}

/** Reads such a member; undefined for a value that is none. */
export function fromMember(value: unknown): Rowid | undefined {
  if (value === null) return NO_ROWID;
  return isRowid(value) ? value : undefined;
}

/** True for what can be a rowid. */
export function isRowid(value: unknown): value is Rowid {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

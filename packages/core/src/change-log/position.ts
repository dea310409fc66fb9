/** Where the change log ends, and the greatest rowid of each table as of that. It is stored now and then. */
import type { TableName } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { readMetadata, writeMetadata } from '../schema/metadata.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { TABLE_NAMES } from '../tables/index.ts';
import { encodeObject, parseObject } from './entry-body.ts';

/** Greatest rowid of each table that has an entry, as of a number of the log. */
export interface Position {
  seq: number;
  readonly rowids: Record<TableName, Rowid>;
}

/** Key in `_schema_metadata` of a {@link Position} that the search for the last one starts from. */
const POSITION_KEY = 'change_log_position';

/** Makes the position of a log without entries of rows. @param seq - number of its last entry */
export function startPosition(seq: number): Position {
  return { seq, rowids: { receipts: 0, agent_memory: 0, audit_log: 0 } };
}

/** Reads the stored position; the start where there is none. */
export function readPosition(connection: SqliteConnection): Position {
  const { seq, ...stored } = parseObject(readMetadata(connection, POSITION_KEY) ?? '{}');
  const position = startPosition(typeof seq === 'number' ? seq : 0);
  for (const table of TABLE_NAMES) {
    const rowid = stored[table];
    if (isRowid(rowid)) position.rowids[table] = rowid;
  }
  return position;
}

/** Stores a position. The caller holds a transaction. */
export function writePosition(connection: SqliteConnection, { seq, rowids }: Position, now: Date): void {
  writeMetadata(connection, POSITION_KEY, encodeObject({ seq, ...rowids }), now);
}

/** True for what can be a rowid. */
export function isRowid(value: unknown): value is Rowid {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

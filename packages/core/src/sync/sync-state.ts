/** The state of the synchronisation: a text of the program that synchronises, in `_schema_metadata`. */
import type { SyncState } from '../api/persistence.ts';
import { lastSeqOf } from '../change-log/change-log.ts';
import { noChangeLog } from '../changes/change-stream.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { readOrigin, reasonForNoLog } from '../schema/change-log-table.ts';
import { readMetadata, writeMetadata } from '../schema/metadata.ts';

const STATE_KEY = 'sync_state';

/** Reads the state, and where the change log ends. @throws {PersistenceError} NO_CHANGE_LOG */
export function readSyncState(connection: SqliteConnection): SyncState {
  const origin = readOrigin(connection);
  if (origin === undefined) throw noChangeLog('syncState', reasonForNoLog(connection));
  return { origin, lastSeq: lastSeqOf(connection), state: readMetadata(connection, STATE_KEY) ?? null };
}

/** Stores the state. The caller holds a transaction. */
export function writeSyncState(connection: SqliteConnection, state: string, now: Date): void {
  writeMetadata(connection, STATE_KEY, state, now);
}

/** Tables of a hub. The types are those that SQLite and PostgreSQL share; hashes are hexadecimal digits. */
import { randomUUID } from 'node:crypto';
import { SyncError } from '../errors.ts';
import type { HubSession } from './hub-database.ts';

const SCHEMA_VERSION = 1;

/**
 * - `ggen_hub`: one row. Each push updates it first, so pushes are one after the other, and positions are in the order of
 *   commits: a reader that has a position has everything before it.
 * - `ggen_origins`, `ggen_entries`: the chain of each database. The primary key keeps an entry from being stored twice.
 * - `ggen_changes`: what others have to know. `change_key` is the hash of a row, which is the same in every database, and
 *   the chain at a removal, which is the same only in copies of one file: nothing is delivered twice.
 * - `ggen_pushes`: a random id for each push, and the position up to which it came. A hub that was restored from a backup
 *   gives out its positions anew, under other ids.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS ggen_hub (
    only_row INTEGER PRIMARY KEY, hub_id TEXT NOT NULL, schema_version INTEGER NOT NULL, position BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ggen_origins (
    origin TEXT PRIMARY KEY, seq BIGINT NOT NULL, chain TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ggen_entries (
    origin TEXT NOT NULL, seq BIGINT NOT NULL, leaf TEXT NOT NULL, chain TEXT NOT NULL, PRIMARY KEY (origin, seq))`,
  `CREATE TABLE IF NOT EXISTS ggen_changes (
    position BIGINT PRIMARY KEY, change_key TEXT NOT NULL UNIQUE, origin TEXT NOT NULL, seq BIGINT NOT NULL,
    kind TEXT NOT NULL, table_name TEXT NOT NULL, record_id TEXT NOT NULL, leaf TEXT NOT NULL, parent TEXT,
    content TEXT, leaves TEXT, reason TEXT)`,
  `CREATE TABLE IF NOT EXISTS ggen_pushes (position BIGINT PRIMARY KEY, push_id TEXT NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS ggen_changes_of_record ON ggen_changes (table_name, record_id)`,
];

/** Creates what is missing. @returns the id of the hub */
export async function prepareHub(session: HubSession): Promise<string> {
  for (const sql of TABLES) await session.query(sql);
  await session.query(
    `INSERT INTO ggen_hub (only_row, hub_id, schema_version, position) VALUES (1, $1, ${SCHEMA_VERSION}, 0)
     ON CONFLICT DO NOTHING`,
    [randomUUID()],
  );
  const [row] = await session.query('SELECT hub_id, schema_version FROM ggen_hub');
  if (Number(row?.[1]) !== SCHEMA_VERSION) {
    throw new SyncError(
      'SYNC_INVALID',
      `The hub has schema version ${String(row?.[1])}, not ${SCHEMA_VERSION}`,
      {
        hint: 'Use the version of the program that created or last updated it.',
      },
    );
  }
  return String(row?.[0]);
}

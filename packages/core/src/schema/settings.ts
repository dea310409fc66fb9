/** What users have set of a database, in `_schema_metadata`: its holds and its retention policies. Backups have them. */
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type { StoredTable } from '../tables/table.ts';
import { HOLD_PREFIX } from './holds.ts';
import { METADATA_TABLE } from './metadata.ts';
import { POLICY_PREFIX } from './retention-policies.ts';

/** The settings as backups see them: some rows of the table of metadata. */
export const SETTINGS: StoredTable = {
  name: METADATA_TABLE,
  columns: [
    { column: 'key', field: 'key' },
    { column: 'value', field: 'value' },
    { column: 'updated_at', field: 'updatedAt', holds: 'time' },
  ],
  backupFile: 'settings.json',
};

/** What the keys of settings begin with. */
const PREFIXES = [HOLD_PREFIX, POLICY_PREFIX];

/** True for the key of a setting. */
export function isSetting(key: SqlValue): boolean {
  return typeof key === 'string' && PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** Lists the settings, by their keys. */
export function readSettings(connection: SqliteConnection): SqlValue[][] {
  return connection
    .all(`SELECT key, value, updated_at FROM ${METADATA_TABLE} ORDER BY key`)
    .filter(([key = null]) => isSetting(key));
}

/**
 * Stores settings in place of those of the same keys. The caller holds a transaction.
 * @param settings - values of {@link SETTINGS}; others than settings are left out
 */
export function writeSettings(
  connection: SqliteConnection,
  settings: readonly (readonly SqlValue[])[],
): void {
  for (const setting of settings) {
    if (!isSetting(setting[0] ?? null)) continue;
    connection.run(
      `INSERT INTO ${METADATA_TABLE} (key, value, updated_at) VALUES (?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
      setting,
    );
  }
}

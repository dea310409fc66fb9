import type { Migration } from './migration.ts';

/**
 * Finds at once if another program stored a time in another form than `YYYY-MM-DD HH:MM:SS`: numbers, `T`, fractions,
 * offsets. These indexes are empty where none did. `typeof` and `length` keep "now" from `datetime`, which no index may
 * ask for the present time: `datetime` reads a BLOB up to its first NUL byte, `length` counts all of its bytes. An index
 * of such a name that is there already is not trusted.
 */
export const foreignTimes: Migration = {
  version: 3,
  name: 'foreign-times',
  sql: `
DROP INDEX IF EXISTS idx_receipts_foreign_time;
DROP INDEX IF EXISTS idx_agent_memory_foreign_time;
DROP INDEX IF EXISTS idx_audit_log_foreign_time;
CREATE INDEX idx_receipts_foreign_time ON receipts (created_at)
  WHERE CASE WHEN typeof(created_at) = 'text' AND length(created_at) = 19
    THEN datetime(created_at) IS NOT created_at ELSE created_at IS NOT NULL END;
CREATE INDEX idx_agent_memory_foreign_time ON agent_memory (last_updated)
  WHERE CASE WHEN typeof(last_updated) = 'text' AND length(last_updated) = 19
    THEN datetime(last_updated) IS NOT last_updated ELSE last_updated IS NOT NULL END;
CREATE INDEX idx_audit_log_foreign_time ON audit_log (timestamp)
  WHERE CASE WHEN typeof(timestamp) = 'text' AND length(timestamp) = 19
    THEN datetime(timestamp) IS NOT timestamp ELSE timestamp IS NOT NULL END;
`,
};

import type { Migration } from './migration.ts';

/**
 * One index for each kind of query. "The latest of these agents" walks the time index and stops early, which the agent
 * index alone cannot do for a pattern. The agent indexes cover analytics, so that no row is read for it. The status index
 * answers the counts of `stats`.
 */
export const indexes: Migration = {
  version: 2,
  name: 'indexes',
  sql: `
CREATE INDEX IF NOT EXISTS idx_receipts_agent ON receipts (agent_id, created_at, status, duration_ms);
CREATE INDEX IF NOT EXISTS idx_receipts_created_at ON receipts (created_at);
CREATE INDEX IF NOT EXISTS idx_receipts_status ON receipts (status);
CREATE INDEX IF NOT EXISTS idx_agent_memory_agent ON agent_memory (agent_id, agent_type, last_updated);
CREATE INDEX IF NOT EXISTS idx_audit_log_agent ON audit_log (agent_id, timestamp, status, operation, duration_ms);
CREATE INDEX IF NOT EXISTS idx_audit_log_timestamp ON audit_log (timestamp);
`,
};

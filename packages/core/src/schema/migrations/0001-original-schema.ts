import type { Migration } from './migration.ts';

/**
 * The four tables of the original scripts, column for column. `IF NOT EXISTS` takes over a database that those scripts
 * made.
 */
export const originalSchema: Migration = {
  version: 1,
  name: 'original-schema',
  sql: `
CREATE TABLE IF NOT EXISTS receipts (
    receipt_id TEXT PRIMARY KEY,
    execution_id TEXT NOT NULL UNIQUE,
    agent_id TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    receipt_json TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    duration_ms INTEGER
);
CREATE TABLE IF NOT EXISTS agent_memory (
    memory_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL UNIQUE,
    agent_type TEXT NOT NULL,
    memory_json TEXT NOT NULL,
    last_updated DATETIME DEFAULT CURRENT_TIMESTAMP,
    version INTEGER DEFAULT 1
);
CREATE TABLE IF NOT EXISTS audit_log (
    audit_id TEXT PRIMARY KEY,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    agent_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    operation_type TEXT,
    status TEXT NOT NULL,
    duration_ms INTEGER,
    details TEXT,
    error_message TEXT
);
CREATE TABLE IF NOT EXISTS _schema_metadata (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
`,
};

/** A database as the original scripts make it: their DDL, no indexes except the keys, their own version. */
export const ORIGINAL_SCHEMA = `
CREATE TABLE receipts (
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
CREATE TABLE agent_memory (
    memory_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL UNIQUE,
    agent_type TEXT NOT NULL,
    memory_json TEXT NOT NULL,
    last_updated DATETIME DEFAULT CURRENT_TIMESTAMP,
    version INTEGER DEFAULT 1
);
CREATE TABLE audit_log (
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
CREATE TABLE _schema_metadata (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO _schema_metadata (key, value) VALUES ('schema_version', '1.0.0');
`;

export const ORIGINAL_ROWS = `
INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, created_at, duration_ms) VALUES
  ('5f3c', 'exec-001', 'validator-1', 'validation', '{"status":"success","files_generated":12}', 'success', '2026-01-29 18:05:30', 1234),
  ('a1b2', 'exec-002', 'validator-2', 'validation', '{"status":"error"}', 'error', '2026-01-29 18:05:30', NULL);
INSERT INTO agent_memory (memory_id, agent_id, agent_type, memory_json, version)
  VALUES ('m-1', 'agent-validator', 'validation', '{"active": true}', 7);
INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
  VALUES ('u-1', 'agent-1', 'validate_schema', 'completed', 'Schema validated');
`;

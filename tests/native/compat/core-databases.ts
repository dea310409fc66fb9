/** Databases of core's for tests here, and what both sides read of them. */
import path from 'node:path';
import { type Persistence, openPersistence } from '@ggen-sim/core';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { nativeSqlite } from './child-process.ts';

const OLD = '2026-01-01T00:00:00Z';
const RECENT = '2026-05-20T00:00:00Z';

/** The tables of the original scripts, with some rows and none of our indexes. */
export const ADOPTED = `
  CREATE TABLE receipts (receipt_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL,
    agent_type TEXT NOT NULL, receipt_json TEXT NOT NULL, status TEXT NOT NULL, created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP, duration_ms INTEGER);
  CREATE TABLE agent_memory (memory_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL UNIQUE, agent_type TEXT NOT NULL,
    memory_json TEXT NOT NULL, last_updated DATETIME DEFAULT CURRENT_TIMESTAMP, version INTEGER DEFAULT 1);
  CREATE TABLE audit_log (audit_id TEXT PRIMARY KEY, timestamp DATETIME DEFAULT CURRENT_TIMESTAMP, agent_id TEXT NOT NULL,
    operation TEXT NOT NULL, operation_type TEXT, status TEXT NOT NULL, duration_ms INTEGER, details TEXT, error_message TEXT);
  CREATE TABLE _schema_metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
  INSERT INTO _schema_metadata(key, value) VALUES ('schema_version', '1.0.0');
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
  INSERT INTO receipts SELECT 'id-' || i, 'adopted-' || i, 'agent', 'validation', '{"n":' || i || '}', 'success',
    '2026-05-20 00:00:00', '2026-05-20 00:00:00', i FROM n;`;

/** Rows of every table, without values that are generated for each row. */
const CONTENT = [
  "SELECT execution_id || ' ' || receipt_id || ' ' || length(receipt_json) || ' ' || created_at FROM receipts ORDER BY rowid",
  "SELECT 'memory of ' || agent_id || ' ' || version || ' ' || last_updated FROM agent_memory ORDER BY rowid",
  "SELECT operation || ' ' || status || ' ' || timestamp FROM audit_log ORDER BY rowid",
];
const STEPS = "SELECT key FROM _schema_metadata WHERE key GLOB 'migration_*' ORDER BY key";
const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
export const INTEGRITY = 'PRAGMA integrity_check';

/** Stored content, as text that can be compared. */
export interface Stored {
  readonly content: string;
  /** Recorded migrations of core. */
  readonly steps: string;
  readonly integrity: string;
}

type Ask = (query: string) => string;

function stored(ask: Ask): Stored {
  const tables = ask(TABLES).split('\n');
  return {
    content: tables.includes('receipts') ? CONTENT.map((query) => ask(query)).join('\n') : '',
    steps: tables.includes('_schema_metadata') ? ask(STEPS) : '',
    integrity: ask(INTEGRITY),
  };
}

/** Reads with native sqlite3, which rolls back an unfinished transaction. */
export function storedNatively(file: string): Stored {
  return stored((query) => nativeSqlite(file, query));
}

/** Reads with sqljs-vfs, which rolls back an unfinished transaction. */
export async function storedByOurs(file: string, options: { exclusive?: boolean } = {}): Promise<Stored> {
  const { database, close } = await opened(file, options);
  const found = stored((query) => (database.exec(query)[0]?.values ?? []).map(([value]) => value).join('\n'));
  close();
  return found;
}

async function opened(
  file: string,
  options: { exclusive?: boolean },
): Promise<{ database: Awaited<ReturnType<typeof openDatabase>>['database']; close: () => void }> {
  const durable = await openDatabase(fileStorage(file), options);
  return { database: durable.database, close: () => durable.close() };
}

async function fill(db: Persistence, group: string, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, row) => row);
  await db.record({
    receipts: numbers.map((row) => ({
      executionId: `${group}-${row}`,
      agentId: `agent-${row % 7}`,
      agentType: 'validation',
      receipt: JSON.stringify('.'.repeat(row * 5)),
    })),
    audits: numbers.map((row) => ({
      agentId: `agent-${row % 7}`,
      operation: `${group}-${row}`,
      status: 'completed',
    })),
    memories: [{ agentId: group, agentType: 'validation', memory: '{}' }],
  });
}

/** A database with rows that a cleanup takes and rows that it leaves. */
export async function filledDatabase(file: string, group: string): Promise<void> {
  let now = OLD;
  await using db = await openPersistence({ storage: 'file', path: file, clock: () => new Date(now) });
  await fill(db, `${group}-old`, 150);
  now = RECENT;
  await fill(db, `${group}-recent`, 150);
}

/** A backup of a database of its own. @returns its folder */
export async function backupIn(folder: string): Promise<string> {
  const file = path.join(folder, 'backed-up.db');
  const directory = path.join(folder, 'backup');
  await filledDatabase(file, 'restored');
  await using db = await openPersistence({ storage: 'file', path: file });
  await db.exportBackup({ directory });
  return directory;
}

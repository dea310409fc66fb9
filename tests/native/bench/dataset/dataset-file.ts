/** Databases to begin with, made once a day and size and then copied. */
import {
  copyFileSync,
  existsSync,
  fsyncSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import BetterSqlite3 from 'better-sqlite3';
import { KEY } from './encryption-key.ts';
import { ROWS_VERSION, seedAuditEntry, seedReceipt, type Seed } from './rows.ts';
import {
  auditValues,
  INSERT_AUDIT_SQL,
  INSERT_RECEIPT_SQL,
  receiptValues,
  type SqlValue,
} from './statements.ts';

const ROWS_PER_TRANSACTION = 10_000;
const DAY_MS = 86_400_000;

/** A seed whose newest row is from the beginning of this day (UTC), so that analytics finds the same rows all day. */
export function todaysSeed(rowCount: number): Seed {
  return { rowCount, endMs: Math.floor(Date.now() / DAY_MS) * DAY_MS };
}

/** The file of a seed, made if it is missing. Seeds of other days go. */
export async function datasetFile(folder: string, seed: Seed, encrypted: boolean = false): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const day = `v${ROWS_VERSION}-${new Date(seed.endMs).toISOString().slice(0, 10)}`;
  for (const name of readdirSync(folder)) if (!name.startsWith(day)) rmSync(path.join(folder, name));
  const file = path.join(folder, `${day}-${seed.rowCount}${encrypted ? '-encrypted' : ''}.db`);
  if (existsSync(file)) return file;
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  await makeSeed(partial, seed, encrypted);
  renameSync(partial, file);
  return file;
}

/** Copies a dataset and syncs it, so that no timed save pays for writing it back. */
export function copySeed(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
  const handle = openSync(to, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

/** The statements that make the schema, as the database itself keeps them. */
export function schemaOf(file: string): string[] {
  const database = new BetterSqlite3(file, { readonly: true });
  const rows = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').pluck().all();
  database.close();
  return rows as string[];
}

async function makeSeed(file: string, seed: Seed, encrypted: boolean): Promise<void> {
  // The other engines keep no change log, so none is measured.
  const ggenSim = await openPersistence({
    storage: 'file',
    path: file,
    changeLog: false,
    ...(encrypted && { key: KEY }),
  });
  await ggenSim.saveMemories(
    Array.from({ length: 50 }, (_, index) => ({
      agentId: `agent-${String(index).padStart(2, '0')}`,
      agentType: 'validation',
      memory: { runs: index },
    })),
  );
  await ggenSim.close();

  const writer = encrypted ? await encryptedWriter(file) : plainWriter(file);
  for (let from = 0; from < seed.rowCount; from += ROWS_PER_TRANSACTION) {
    const to = Math.min(from + ROWS_PER_TRANSACTION, seed.rowCount);
    writer.execute('BEGIN');
    for (let index = from; index < to; index++) {
      writer.insertReceipt(receiptValues(seedReceipt(seed, index)));
      writer.insertAudit(auditValues(seedAuditEntry(seed, index)));
    }
    writer.execute('COMMIT');
  }
  writer.close();
}

/** Fills a dataset. */
interface SeedWriter {
  execute(sql: string): void;
  insertReceipt(values: SqlValue[]): void;
  insertAudit(values: SqlValue[]): void;
  close(): void;
}

function plainWriter(file: string): SeedWriter {
  const database = new BetterSqlite3(file);
  // No other process uses the file yet, and a file lost with power is made again.
  database.pragma('journal_mode=OFF');
  database.pragma('synchronous=OFF');
  database.pragma('cache_size=-1000000');
  const insertReceipt = database.prepare(INSERT_RECEIPT_SQL);
  const insertAudit = database.prepare(INSERT_AUDIT_SQL);
  return {
    execute: (sql) => void database.exec(sql),
    insertReceipt: (values) => void insertReceipt.run(...values),
    insertAudit: (values) => void insertAudit.run(...values),
    close: () => void database.close(),
  };
}

async function encryptedWriter(file: string): Promise<SeedWriter> {
  const opened = await openDatabase(fileStorage(file), { key: KEY, exclusive: true, synchronous: 'normal' });
  const { database } = opened;
  const insertReceipt = database.prepare(INSERT_RECEIPT_SQL);
  const insertAudit = database.prepare(INSERT_AUDIT_SQL);
  return {
    execute: (sql) => void database.exec(sql),
    insertReceipt: (values) => insertReceipt.run(values),
    insertAudit: (values) => insertAudit.run(values),
    close() {
      insertReceipt.free();
      insertAudit.free();
      opened.close();
    },
  };
}

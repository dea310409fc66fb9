/** A target in a database file that several processes of one computer, or of a shared folder with locks, can reach. */
import { statSync } from 'node:fs';
import type { NoteSigner } from '@ggen-sim/core';
import { openDatabase, VfsError, type DurableDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { forOtherLocks, retry } from '@ggen-sim/sqljs-vfs/internal';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { TenantHub } from '../hub/hub.ts';
import type { HubDatabase, HubSession, HubTable, HubValue } from '../hub/hub-database.ts';

/** How long a call waits for other processes. */
const BUSY_DEADLINE_MS = 30_000;

/** A system may report no changes of a file in a shared folder; looking at it always works. */
const LOOK_INTERVAL_MS = 1000;

/** Refusals of a file that is no database, or an encrypted one. */
const IS_NO_HUB = new Set(['NOT_A_DATABASE', 'KEY_REQUIRED']);

/**
 * Makes a target in a database file; the first call opens it. A file that was away, with its folder, is opened again.
 * @param create - false to refuse a file that is missing: its folder may not be mounted
 */
export async function openFileTarget(
  path: string,
  create = true,
  cosigner?: NoteSigner,
): Promise<SyncTarget> {
  return new TenantHub(new SqliteHub((isFirst) => openHub(path, create && isFirst), path), cosigner);
}

/** @throws {SyncError} SYNC_TARGET_INVALID for the file of something else, and what the storage throws */
async function openHub(path: string, create: boolean): Promise<DurableDatabase> {
  try {
    return await openDatabase(fileStorage(path, { create }), {
      busyDeadlineMs: BUSY_DEADLINE_MS,
      validate: ({ database }) => assertHub(database.exec(TABLES_SQL)[0]?.values.flat() ?? [], path),
    });
  } catch (error) {
    const isNoHub = error instanceof VfsError && (IS_NO_HUB.has(error.code) || isDirectory(path));
    throw isNoHub ? noHub(path, error) : error;
  }
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const TABLES_SQL = "SELECT name FROM sqlite_schema WHERE type = 'table'";

/** Refuses the database of another program, or one that is itself synchronised. */
function assertHub(tables: readonly unknown[], path: string): void {
  if (tables.length > 0 && !tables.includes('ggen_hub')) throw noHub(path);
}

function noHub(path: string, cause?: unknown): SyncError {
  return new SyncError('SYNC_TARGET_INVALID', `${path} is no hub, but something else`, {
    hint: 'Give the path of a hub, or of a file that does not exist yet.',
    cause,
  });
}

/** Makes a target in an open database, which it closes. */
export function hubIn(durable: DurableDatabase): SyncTarget {
  return new TenantHub(new SqliteHub(async () => durable));
}

class SqliteHub implements HubDatabase {
  readonly #open: (isFirst: boolean) => Promise<DurableDatabase>;
  readonly #path: string | undefined;
  #durable: DurableDatabase | undefined;
  #wasOpen = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param path - where other processes may write to it */
  constructor(open: (isFirst: boolean) => Promise<DurableDatabase>, path?: string) {
    this.#open = open;
    this.#path = path;
  }

  watch(_: string, onChange: () => void): () => void {
    const path = this.#path;
    if (path === undefined) return () => undefined;
    let before = stampOf(path);
    const timer = setInterval(() => {
      const now = stampOf(path);
      if (now !== before) onChange();
      before = now;
    }, LOOK_INTERVAL_MS);
    return () => clearInterval(timer);
  }

  signal(): void {
    // Whoever watches the file sees that it has changed.
  }

  transaction<T>(tenant: string, work: (session: HubSession) => Promise<T>): Promise<T> {
    const run = this.#last.then(() => this.#attempts((durable) => work(sessionIn(durable, tenant))));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#durable?.close();
  }

  async #attempts<T>(work: (durable: DurableDatabase) => Promise<T>): Promise<T> {
    try {
      const durable = (this.#durable ??= await this.#open(!this.#wasOpen));
      this.#wasOpen = true;
      return await retry(
        () => this.#attempt(durable, work),
        forOtherLocks(performance.now() + BUSY_DEADLINE_MS),
      );
    } catch (error) {
      if (error instanceof SyncError) throw error;
      // The file may have been replaced or removed: the next call opens what is there then.
      const durable = this.#durable;
      this.#durable = undefined;
      durable?.close();
      throw unreachable(error);
    }
  }

  #attempt<T>(durable: DurableDatabase, work: (durable: DurableDatabase) => Promise<T>): Promise<T> {
    const { database } = durable;
    return durable.writeTransaction(async () => {
      database.run('BEGIN IMMEDIATE');
      try {
        const result = await work(durable);
        database.run('COMMIT');
        return result;
      } catch (error) {
        rollBack(durable);
        throw error;
      }
    });
  }
}

/** Tells one state of a file from the next; empty where there is none, or its folder is away. */
function stampOf(path: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    return '';
  }
}

function sessionIn(durable: DurableDatabase, tenant: string): HubSession {
  return {
    tenant,
    query: async (sql, values = []) => query(durable, sql, values),
    insert: async (table, rows, ifAbsent = false) => insert(durable, table, rows, ifAbsent),
    isAmong: (parameter) => `IN (SELECT value FROM json_each(${parameter}))`,
    hasTable: async (name) =>
      query(durable, 'SELECT 1 FROM sqlite_schema WHERE name = $1', [name]).length > 0,
    // A transaction that writes is the only one.
    lockSchema: async () => undefined,
    isolate: async () => undefined,
    // Everybody who can open the file can read all of it.
    async assertIsolated() {
      throw new SyncError('SYNC_TARGET_INVALID', 'A hub in a file has no tenants', {
        hint: 'Give each tenant a hub with a file of its own, or use PostgreSQL.',
      });
    },
  };
}

function query({ database }: DurableDatabase, sql: string, values: readonly HubValue[]): unknown[][] {
  const statement = database.prepare(
    sql,
    values.map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value)),
  );
  try {
    const rows: unknown[][] = [];
    while (statement.step()) rows.push(statement.get());
    return rows;
  } finally {
    statement.free();
  }
}

function insert(
  { database }: DurableDatabase,
  { name, columns }: HubTable,
  rows: readonly (readonly HubValue[])[],
  ifAbsent: boolean,
): void {
  const names = Object.keys(columns);
  const statement = database.prepare(
    `INSERT INTO ${name} (${names.join()}) VALUES (${names.map(() => '?').join()})
     ${ifAbsent ? 'ON CONFLICT DO NOTHING' : ''}`,
  );
  try {
    for (const row of rows) statement.run(row as (string | number | null)[]);
  } finally {
    statement.free();
  }
}

/** SQLite has rolled back some failures by itself. */
function rollBack({ database }: DurableDatabase): void {
  try {
    database.run('ROLLBACK');
  } catch {
    // No transaction is left.
  }
}

function unreachable(error: unknown): SyncError {
  const message = error instanceof Error ? error.message : String(error);
  const isMissing = error instanceof VfsError && error.code === 'NOT_FOUND';
  return new SyncError('SYNC_UNREACHABLE', `The file of the hub cannot be used: ${message}`, {
    hint: isMissing
      ? 'Is its folder mounted? If it is gone, create it again with `openTarget`; what is here is sent again.'
      : 'Saves go on here. Synchronise again when it can be used.',
    cause: error,
  });
}

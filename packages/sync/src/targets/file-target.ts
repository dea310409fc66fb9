/** A target in a database file that several processes of one computer, or of a shared folder with locks, can reach. */
import { openDatabase, VfsError, type DurableDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { forOtherLocks, retry } from '@ggen-sim/sqljs-vfs/internal';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { Hub } from '../hub/hub.ts';
import type { HubDatabase, HubSession, HubValue } from '../hub/hub-database.ts';

/** How long a call waits for other processes. */
const BUSY_DEADLINE_MS = 30_000;

/** Refusals of a file that is no database, or an encrypted one. */
const IS_NO_HUB = new Set(['NOT_A_DATABASE', 'KEY_REQUIRED']);

/**
 * Opens a hub in a database file.
 * @param create - false to refuse a file that is missing: its folder may not be mounted
 * @throws {SyncError} SYNC_UNREACHABLE when the file cannot be opened; SYNC_TARGET_INVALID for the file of something else
 */
export async function openFileTarget(path: string, create = true): Promise<SyncTarget> {
  try {
    const storage = fileStorage(path, { create });
    return hubIn(
      await openDatabase(storage, {
        busyDeadlineMs: BUSY_DEADLINE_MS,
        validate: ({ database }) => assertHub(database.exec(TABLES_SQL)[0]?.values.flat() ?? [], path),
      }),
    );
  } catch (error) {
    if (error instanceof SyncError) throw error;
    throw error instanceof VfsError && IS_NO_HUB.has(error.code) ? noHub(path, error) : unreachable(error);
  }
}

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
  return new Hub(new SqliteHub(durable));
}

class SqliteHub implements HubDatabase {
  readonly #durable: DurableDatabase;
  #last: Promise<unknown> = Promise.resolve();

  constructor(durable: DurableDatabase) {
    this.#durable = durable;
  }

  transaction<T>(work: (session: HubSession) => Promise<T>): Promise<T> {
    const run = this.#last.then(() =>
      retry(() => this.#attempt(work), forOtherLocks(performance.now() + BUSY_DEADLINE_MS)),
    );
    this.#last = run.catch(() => undefined);
    return run.catch((error: unknown) => {
      throw error instanceof SyncError ? error : unreachable(error);
    });
  }

  async close(): Promise<void> {
    await this.#last;
    this.#durable.close();
  }

  #attempt<T>(work: (session: HubSession) => Promise<T>): Promise<T> {
    const { database } = this.#durable;
    return this.#durable.writeTransaction(async () => {
      database.run('BEGIN IMMEDIATE');
      try {
        const result = await work({ query: async (sql, values = []) => this.#query(sql, values) });
        database.run('COMMIT');
        return result;
      } catch (error) {
        rollBack(this.#durable);
        throw error;
      }
    });
  }

  #query(sql: string, values: readonly HubValue[]): unknown[][] {
    const statement = this.#durable.database.prepare(sql, values);
    try {
      const rows: unknown[][] = [];
      while (statement.step()) rows.push(statement.get());
      return rows;
    } finally {
      statement.free();
    }
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

/** A database in a worker, for tests that need several contexts, or one that is killed. */
import { type DurableDatabase, type EncryptionKey, openDatabase, retryBusy } from '../../src/index.ts';
import type { CommitLog } from '../../src/storages/indexeddb/commit-log.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { opfsStorage } from '../../src/storages/opfs/opfs.browser.ts';
import { intercept } from '../failing/one-fault.browser.ts';
import { serveCalls } from './calls.browser.ts';

const DEADLINE_MS = 30_000;
const makers = { indexeddb: indexedDbStorage, opfs: opfsStorage };

const AccessHandle = (globalThis as unknown as { FileSystemSyncAccessHandle: { prototype: object } })
  .FileSystemSyncAccessHandle;

let opened: DurableDatabase | undefined;
/** The read transaction that is open, and the function that ends it. */
let reading: Promise<unknown> | undefined;
let endReading: (sql: string) => void = () => undefined;

function database(): DurableDatabase {
  if (!opened) throw new Error('open first');
  return opened;
}

const rowsOf = (sql: string): unknown => database().database.exec(sql)[0]?.values ?? [];

serveCalls({
  async open(
    kind: keyof typeof makers,
    name: string,
    exclusive: boolean = false,
    storageOptions: object = {},
    key?: EncryptionKey,
  ): Promise<void> {
    opened = await openDatabase(makers[kind](name, storageOptions), {
      exclusive,
      ...(key !== undefined && { key }),
      busyDeadlineMs: DEADLINE_MS,
    });
  },
  capabilities: () => database().storage.capabilities,
  memoryBytes: () => (database().storage.transactions as CommitLog).mirror.memoryBytes,
  beginRead(sql: string): Promise<unknown> {
    return new Promise((begun) => {
      reading = database().readTransaction(async () => {
        database().database.exec('BEGIN');
        begun(rowsOf(sql));
        const last = await new Promise<string>((resolve) => (endReading = resolve));
        const rows = rowsOf(last);
        database().database.exec('COMMIT');
        return rows;
      });
    });
  },
  endRead(sql: string): Promise<unknown> | undefined {
    endReading(sql);
    return reading;
  },
  read(sql: string): Promise<unknown> {
    return retryBusy(() => database().readTransaction(() => rowsOf(sql)), DEADLINE_MS);
  },
  write(sql: string): Promise<void> {
    const work = (): void => void database().database.exec(`BEGIN IMMEDIATE; ${sql}; COMMIT`);
    return retryBusy(() => database().writeTransaction(work), DEADLINE_MS);
  },
  direct(sql: string): void {
    database().database.exec(sql);
  },
  async writeThenDirect(sql: string, direct: string): Promise<void> {
    const work = (): void => void database().database.exec(sql);
    await retryBusy(() => database().writeTransaction(work), DEADLINE_MS);
    database().database.exec(direct);
  },
  /** Commits `count` rows, one at a time. */
  async insertRows(table: string, from: string, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const work = (): void =>
        void database().database.run(`INSERT INTO ${table} VALUES (?, ?)`, [from, index]);
      await retryBusy(() => database().writeTransaction(work), DEADLINE_MS);
    }
  },
  /** Begins a transaction and never ends it, so that the caller can kill the worker during one. */
  stop(sql: string): Promise<void> {
    return new Promise((half) => {
      const work = (): Promise<never> => {
        database().database.exec(sql);
        half();
        return new Promise(() => undefined);
      };
      void database().writeTransaction(work);
    });
  },
  /**
   * Commits two transactions, one right after the other.
   * @returns the first write or flush of each
   */
  async firstCalls(sql: string): Promise<readonly (string | undefined)[]> {
    const calls: string[] = [];
    const restore = intercept(AccessHandle, ['write', 'flush'], (_self, _parameters, original, method) => {
      calls.push(method);
      return original();
    });
    const first: (string | undefined)[] = [];
    try {
      for (let transaction = 0; transaction < 2; transaction++) {
        const work = (): void => {
          calls.length = 0;
          database().database.exec(sql);
        };
        await retryBusy(() => database().writeTransaction(work), DEADLINE_MS);
        first.push(calls[0]);
      }
    } finally {
      restore();
    }
    return first;
  },
  close(): Promise<void> {
    return database().readTransaction(() => database().close());
  },
});

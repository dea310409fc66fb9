import type { EncryptionKey } from '../src/index.ts';
import { CalledWorker } from './workers/calls.browser.ts';

const started: RemoteDatabase[] = [];

/** A database opened in its own worker. */
export class RemoteDatabase {
  readonly #worker: CalledWorker = new CalledWorker(
    new Worker(new URL('./workers/database.browser.ts', import.meta.url), { type: 'module' }),
  );

  static async open(
    kind: 'indexeddb' | 'opfs',
    name: string,
    exclusive = false,
    storageOptions: object = {},
    key?: EncryptionKey,
  ): Promise<RemoteDatabase> {
    const remote = new RemoteDatabase();
    started.push(remote);
    await remote.#worker.call('open', kind, name, exclusive, storageOptions, key);
    return remote;
  }

  read(sql: string): Promise<unknown[][]> {
    return this.#worker.call('read', sql) as Promise<unknown[][]>;
  }

  async write(sql: string): Promise<void> {
    await this.#worker.call('write', sql);
  }

  capabilities(): Promise<unknown> {
    return this.#worker.call('capabilities');
  }

  /** Number of bytes of the file that the storage has in memory (IndexedDB). */
  memoryBytes(): Promise<number> {
    return this.#worker.call('memoryBytes') as Promise<number>;
  }

  /** Begins a read transaction and leaves it open, until {@link endRead} reads once more in it. */
  async beginRead(sql: string): Promise<unknown[][]> {
    return this.#worker.call('beginRead', sql) as Promise<unknown[][]>;
  }

  endRead(sql: string): Promise<unknown[][]> {
    return this.#worker.call('endRead', sql) as Promise<unknown[][]>;
  }

  /** Runs statements outside a transaction of the storage. */
  async direct(sql: string): Promise<void> {
    await this.#worker.call('direct', sql);
  }

  /** Runs statements outside a transaction of the storage, right after one. */
  async writeThenDirect(sql: string, direct: string): Promise<void> {
    await this.#worker.call('writeThenDirect', sql, direct);
  }

  async insertRows(table: string, from: string, count: number): Promise<void> {
    await this.#worker.call('insertRows', table, from, count);
  }

  firstCalls(sql: string): Promise<unknown> {
    return this.#worker.call('firstCalls', sql);
  }

  /** Runs statements in a transaction that never ends. */
  async stop(sql: string): Promise<void> {
    await this.#worker.call('stop', sql);
  }

  async close(): Promise<void> {
    await this.#worker.call('close');
  }

  terminate(): void {
    this.#worker.terminate();
  }
}

/** Terminates every worker that a test has started. */
export function terminateAll(): void {
  for (const remote of started.splice(0)) remote.terminate();
}

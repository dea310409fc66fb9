/**
 * A database in IndexedDB, mirrored in memory.
 *
 *  1. A commit is one readwrite transaction: it reads `meta`, checks that epoch and version are the ones mirrored, puts
 *     the changed blocks and the next version. It counts as durable when the transaction **completes**.
 *  2. That check (compare-and-swap) is what keeps tabs apart. The Web Lock only makes conflicts rare; where it cannot be
 *     had in time, the commit goes on without it.
 *  3. On conflict or failure the mirror goes back to what is stored, and SQLite's cache is made to notice, before
 *     anything else happens.
 *  4. Before each turn the mirror takes over what others committed.
 *  5. What cannot be read is never overwritten: an unknown format is `UNREADABLE_STORAGE`, another epoch (or none) where
 *     there was one is `STORAGE_RESET`, for good.
 *  6. Turns come one after the other; a fold of commits into extents is a turn's aftermath and part of its place in line.
 */
import { promisifyRequest } from 'idb-keyval';
import { SqliteError, VfsError } from '../../errors.ts';
import { decodeCommitPart, encodeCommit } from '../../mirror/commit-record.ts';
import { BLOCK_SIZE_BYTES, PageMirror, type BlockChange } from '../../mirror/page-mirror.ts';
import { Result } from '../../result-codes.ts';
import type { StorageTurns } from '../../storage-turns.ts';
import type { FileOpenMode, FileRole, Storage, StorageCapabilities, StorageFile } from '../../storage.ts';
import { openConnection, type IndexedDbConnection } from './connection.browser.ts';
import {
  commitKey,
  commitsAfter,
  everyExtent,
  EXTENT_SIZE_BYTES,
  extentKey,
  extentsFrom,
  FORMAT_VERSION,
  isStoreMeta,
  META_KEY,
  type StoreMeta,
} from './layout.browser.ts';
import { withWriterLock } from './writer-lock.browser.ts';

/** Options of {@link indexedDbStorage}. */
export interface IndexedDbStorageOptions {
  /**
   * `strict`: a commit survives loss of power. `relaxed`: it survives the end of the browser, but the operating system
   * may still hold the last commits when power goes; three times as fast.
   * @default 'strict'
   */
  readonly durability?: 'strict' | 'relaxed';
}

/** Commits are folded into extents when they outweigh a quarter of the file, so that the cost stays in proportion. */
const FOLD_SHARE = 4;
const FOLD_AT_LEAST_BYTES: number = 2 * 1024 * 1024;

/** Somebody else committed between our refresh and our commit. */
class Conflict extends Error {}

class IndexedDbStorage implements Storage, StorageTurns {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  readonly turns: StorageTurns = this;
  readonly #durability: 'strict' | 'relaxed';
  readonly #mirror: PageMirror = new PageMirror();
  readonly #extentsToFold: Set<number> = new Set();
  #connection: IndexedDbConnection | undefined;
  #meta: StoreMeta | undefined;
  #failure: VfsError | undefined;
  #line: Promise<unknown> = Promise.resolve();

  constructor(name: string, durability: 'strict' | 'relaxed') {
    this.name = name;
    this.#durability = durability;
    this.capabilities = {
      kind: 'indexeddb',
      persistent: true,
      multiProcess: true,
      syncSurvives: durability === 'strict' ? 'power loss' : 'process end',
      atomicTurns: true,
      lockProvider:
        typeof navigator.locks === 'undefined' ? 'compare-and-swap' : 'Web Locks and compare-and-swap',
    };
  }

  open(role: FileRole, mode: FileOpenMode): StorageFile {
    if (role !== 'main') throw new Error(`a mirrored database has no ${role} file`);
    return this.#mirror.open(mode);
  }

  delete(role: FileRole): void {
    throw Object.assign(new Error(`a mirrored database has no ${role} file to delete`), { code: 'ENOENT' });
  }

  exists(role: FileRole): boolean {
    return role === 'main' && this.#mirror.sizeBytes > 0;
  }

  close(): void {
    this.#failure ??= new VfsError('CLOSED', `${this.name} is closed`);
    this.#connection?.close();
    this.#connection = undefined;
  }

  read<Output>(work: () => Output | Promise<Output>): Promise<Output> {
    return this.#inLine(async () => {
      await this.#refresh();
      return work();
    });
  }

  write<Output>(work: () => Output | Promise<Output>, takenBack: () => void): Promise<Output> {
    return this.#inLine(() =>
      withWriterLock(this.name, async () => {
        await this.#refresh();
        try {
          const output = await work();
          if (this.#mirror.dirty) await this.#commit();
          return output;
        } catch (error) {
          if (this.#mirror.dirty) {
            this.#mirror.revert();
            takenBack();
          }
          throw error;
        }
      }),
    );
  }

  #inLine<Output>(turn: () => Promise<Output>): Promise<Output> {
    const mine = this.#line.then(turn);
    this.#line = mine
      .then(() => this.#foldIfDue())
      // A fold that fails has changed nothing; the next commit will find it due again. A turn's failure is its caller's.
      .catch(() => undefined);
    return mine;
  }

  async #connect(): Promise<IndexedDbConnection> {
    if (this.#failure) throw this.#failure;
    if (!this.#connection?.usable) this.#connection = await openConnection(this.name);
    return this.#connection;
  }

  /** Takes over what others committed since our version; the first time, everything. */
  async #refresh(): Promise<void> {
    const connection = await this.#connect();
    const known = this.#meta;
    const loaded = await asStorageErrors(() =>
      connection.transact('readonly', this.#durability, async (store) => {
        const meta = await this.#readMeta(store);
        if (!meta || (known && meta.version === known.version)) return { meta, extents: [], commits: [] };
        const whole = !known || meta.foldedVersion > known.version;
        const [extents, commits] = await Promise.all([
          whole ? readExtents(store) : [],
          promisifyRequest<ArrayBuffer[]>(
            store.getAll(commitsAfter(whole ? meta.foldedVersion : known.version)),
          ),
        ]);
        return { meta, extents, commits, whole };
      }),
    );
    if (!loaded.meta) {
      await this.#initialise(connection);
      return this.#refresh();
    }
    if (loaded.whole) this.#mirror.clear();
    for (const { blocks } of loaded.extents) this.#mirror.adopt(loaded.meta.sizeBytes, blocks);
    for (const part of loaded.commits) {
      const changes = decodeCommitPart(part);
      this.#mirror.adopt(changes.sizeBytes, changes.blocks);
      this.#markForFolding(changes.blocks);
    }
    this.#meta = loaded.meta;
  }

  /** The stored meta record, if there is one and it is ours to read. */
  async #readMeta(store: IDBObjectStore): Promise<StoreMeta | undefined> {
    const stored: unknown = await promisifyRequest(store.get(META_KEY));
    if (stored === undefined) {
      if (this.#meta) throw this.#reset();
      return undefined;
    }
    if (!isStoreMeta(stored) || stored.format !== FORMAT_VERSION) {
      const format = isStoreMeta(stored) ? String(stored.format) : 'unknown';
      throw new VfsError(
        'UNREADABLE_STORAGE',
        `${this.name} is stored in format ${format}, not ${FORMAT_VERSION}`,
        {
          hint: 'Use the version of this program that wrote it. What is stored was left untouched.',
        },
      );
    }
    if (this.#meta && stored.epoch !== this.#meta.epoch) throw this.#reset();
    return stored;
  }

  #reset(): VfsError {
    this.#failure = new VfsError('STORAGE_RESET', `${this.name} was removed or replaced while it was open`, {
      hint: 'Open it again to start anew; a copy made before can be imported.',
    });
    return this.#failure;
  }

  /** Makes an empty database, unless another tab was faster. */
  #initialise(connection: IndexedDbConnection): Promise<void> {
    return asStorageErrors(() =>
      connection.transact('readwrite', this.#durability, async (store) => {
        if (await this.#readMeta(store)) return;
        const meta: StoreMeta = {
          format: FORMAT_VERSION,
          epoch: crypto.randomUUID(),
          version: 0,
          sizeBytes: 0,
          foldedVersion: 0,
          unfoldedBytes: 0,
        };
        store.put(meta, META_KEY);
      }),
    );
  }

  async #commit(): Promise<void> {
    const connection = await this.#connect();
    const mirrored = this.#requireMeta();
    const changes = this.#mirror.changes();
    const parts = encodeCommit(changes);
    const recordBytes = parts.reduce((total, part) => total + part.byteLength, 0);
    this.#meta = await asStorageErrors(() =>
      connection.transact('readwrite', this.#durability, async (store) => {
        const stored = await this.#readMeta(store);
        if (stored?.version !== mirrored.version) throw new Conflict();
        // Built on what is stored: another tab may have folded since our refresh, which leaves the version as it is.
        const next: StoreMeta = {
          ...stored,
          version: stored.version + 1,
          sizeBytes: changes.sizeBytes,
          unfoldedBytes: stored.unfoldedBytes + recordBytes,
        };
        for (const [index, part] of parts.entries()) store.put(part, commitKey(next.version, index));
        store.put(next, META_KEY);
        return next;
      }),
    );
    this.#mirror.settle();
    this.#markForFolding(changes.blocks);
  }

  #requireMeta(): StoreMeta {
    if (!this.#meta) throw new VfsError('CLOSED', `${this.name} is not loaded`);
    return this.#meta;
  }

  #markForFolding(blocks: readonly BlockChange[]): void {
    for (const { blockIndex } of blocks) {
      this.#extentsToFold.add(Math.floor((blockIndex * BLOCK_SIZE_BYTES) / EXTENT_SIZE_BYTES));
    }
  }

  /** Folds the commits into the extents when they have grown out of proportion. */
  async #foldIfDue(): Promise<void> {
    const meta = this.#meta;
    if (!meta || !this.#connection?.usable || this.#failure) return;
    if (meta.unfoldedBytes < Math.max(FOLD_AT_LEAST_BYTES, meta.sizeBytes / FOLD_SHARE)) return;
    const folded: StoreMeta = { ...meta, foldedVersion: meta.version, unfoldedBytes: 0 };
    await this.#connection.transact('readwrite', this.#durability, async (store) => {
      const stored = await this.#readMeta(store);
      if (stored?.version !== meta.version || stored.foldedVersion !== meta.foldedVersion)
        throw new Conflict();
      const extentCount = Math.ceil(meta.sizeBytes / EXTENT_SIZE_BYTES);
      for (const extentIndex of this.#extentsToFold) {
        if (extentIndex >= extentCount) continue;
        const offset = extentIndex * EXTENT_SIZE_BYTES;
        store.put(this.#mirror.copyOut(offset, EXTENT_SIZE_BYTES).buffer, extentKey(extentIndex));
      }
      store.delete(extentsFrom(extentCount));
      store.delete(commitsAfter(0));
      store.put(folded, META_KEY);
    });
    this.#meta = folded;
    this.#extentsToFold.clear();
  }
}

async function readExtents(store: IDBObjectStore): Promise<{ blocks: BlockChange[] }[]> {
  const range = everyExtent();
  const [keys, values] = await Promise.all([
    promisifyRequest(store.getAllKeys(range)),
    promisifyRequest<ArrayBuffer[]>(store.getAll(range)),
  ]);
  return values.map((value, position) => {
    const extentIndex = (keys[position] as [string, number])[1];
    const firstBlock = (extentIndex * EXTENT_SIZE_BYTES) / BLOCK_SIZE_BYTES;
    return {
      blocks: Array.from({ length: value.byteLength / BLOCK_SIZE_BYTES }, (_, index) => ({
        blockIndex: firstBlock + index,
        bytes: new Uint8Array(value, index * BLOCK_SIZE_BYTES, BLOCK_SIZE_BYTES),
      })),
    };
  });
}

/** Says in SQLite's words what the browser reported, so that callers need know only one kind of failure. */
async function asStorageErrors<Output>(work: () => Promise<Output>): Promise<Output> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VfsError) throw error;
    if (error instanceof Conflict) {
      throw new SqliteError(Result.busy, 'another tab committed first', error);
    }
    if ((error as { name?: unknown } | null)?.name === 'QuotaExceededError') {
      throw new SqliteError(Result.full, 'the browser has no room left for this site', error);
    }
    throw new SqliteError(Result.ioError, `IndexedDB failed: ${(error as Error).message}`, error);
  }
}

/**
 * A database in IndexedDB. Any number of tabs and workers may open the same name; each has the whole file in memory.
 * @param name - of the IndexedDB database
 */
export function indexedDbStorage(name: string, options: IndexedDbStorageOptions = {}): Storage {
  return new IndexedDbStorage(name, options.durability ?? 'strict');
}

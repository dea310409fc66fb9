/** A commit store in memory that several contexts share, with transactions as isolated and as asynchronous as IndexedDB's. */
import assert from 'node:assert/strict';
import type {
  CommitStore,
  StoreChanges,
  StoreMeta,
  StoreTransaction,
} from '../../src/storages/indexeddb/commit-store.ts';
import {
  type Extent,
  type ExtentContent,
  extentCount,
  type ExtentFormat,
  joinParts,
} from '../../src/storages/indexeddb/extents.ts';
import { SerialQueue } from '../../src/serial-queue.ts';

/** The fault of a read-write transaction: it fails, or is stored and its answer lost, or the connection is lost as well. */
export type StoreFault = 'fails' | 'loses the answer' | 'loses the answer and the connection';

/** A handle of an extent in memory. The test can make every handle given out so far unreadable. */
class MemoryContent implements ExtentContent {
  readonly inMemory = false;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #isReadable: () => boolean;

  constructor(bytes: Uint8Array<ArrayBuffer>, isReadable: () => boolean) {
    this.#bytes = bytes;
    this.#isReadable = isReadable;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  read(start: number, end: number): Uint8Array<ArrayBuffer> {
    if (!this.#isReadable()) throw new DOMException('the handle is out of date', 'NotReadableError');
    assert(start >= 0 && start < end && end <= this.#bytes.length, 'a read within the extent');
    return this.#bytes.slice(start, end);
  }
}

interface StoredExtent {
  readonly version: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface StoredPart {
  readonly version: number;
  readonly bytes: ArrayBuffer;
}

/** One state of the store. Never changed: a transaction makes the next one. */
interface StoreState {
  readonly meta: StoreMeta | undefined;
  readonly extents: ReadonlyMap<number, StoredExtent>;
  readonly parts: readonly StoredPart[];
}

/** The records of one database. */
export class MemoryDatabase {
  state: StoreState = { meta: undefined, extents: new Map(), parts: [] };
  /** As in IndexedDB, a transaction waits for those requested before it. */
  readonly transactions: SerialQueue = new SerialQueue();
}

/** The database as one context sees it. */
export class MemoryCommitStore implements CommitStore {
  readonly #database: MemoryDatabase;
  readonly #onCommit: () => void;
  #lost = false;
  /** Handles of earlier generations cannot be read. */
  #generation = 0;
  /** Injected into the next read-write transaction. */
  fault: StoreFault | undefined;

  /** @param onCommit - called when a commit of this context is stored, acknowledged or not */
  constructor(database: MemoryDatabase, onCommit: () => void) {
    this.#database = database;
    this.#onCommit = onCommit;
  }

  /** Makes every handle of an extent that this context has unreadable. */
  invalidateHandles(): void {
    this.#generation++;
  }

  get connected(): boolean {
    return !this.#lost;
  }

  transact<T>(
    mode: 'readonly' | 'readwrite',
    work: (transaction: StoreTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#database.transactions.run(() =>
      mode === 'readonly' ? this.#read(work) : this.#write(work),
    );
  }

  async #read<T>(work: (transaction: StoreTransaction) => Promise<T>): Promise<T> {
    if (this.#lost) {
      // The look for the lost commit fails as well. The transaction after it connects again.
      this.#lost = false;
      throw new Error('the connection is lost');
    }
    return work(new MemoryTransaction(this.#database.state, this.#readability()));
  }

  async #write<T>(work: (transaction: StoreTransaction) => Promise<T>): Promise<T> {
    const before = this.#database.state;
    const transaction = new MemoryTransaction(before, this.#readability());
    const value = await work(transaction);
    const { fault } = this;
    this.fault = undefined;
    if (fault === 'fails') throw new Error('the transaction fails');
    this.#database.state = transaction.state;
    if (before.meta && transaction.state.meta?.version !== before.meta.version) this.#onCommit();
    if (fault === 'loses the answer and the connection') this.#lost = true;
    if (fault) throw new Error('the answer is lost');
    return value;
  }

  close(): void {
    this.#lost = true;
  }

  #readability(): () => boolean {
    const generation = this.#generation;
    return () => this.#generation === generation;
  }
}

class MemoryTransaction implements StoreTransaction {
  state: StoreState;
  readonly #isReadable: () => boolean;

  constructor(state: StoreState, isReadable: () => boolean) {
    this.state = state;
    this.#isReadable = isReadable;
  }

  async readMeta(): Promise<unknown> {
    const { meta } = this.state;
    await Promise.resolve();
    return meta;
  }

  async readExtents({ sizeBytes }: StoreMeta): Promise<Extent[]> {
    await Promise.resolve();
    return [...this.state.extents]
      .filter(([extentIndex]) => extentIndex < extentCount(sizeBytes))
      .map(([extentIndex, stored]) => this.#extent(extentIndex, stored));
  }

  async readExtent(extentIndex: number): Promise<Extent | undefined> {
    await Promise.resolve();
    const stored = this.state.extents.get(extentIndex);
    return stored && this.#extent(extentIndex, stored);
  }

  #extent(extentIndex: number, { version, bytes }: StoredExtent): Extent {
    return { extentIndex, version, content: new MemoryContent(bytes, this.#isReadable) };
  }

  async readCommits(version: number): Promise<ArrayBuffer[]> {
    await Promise.resolve();
    return this.state.parts.filter((part) => part.version > version).map(({ bytes }) => bytes.slice(0));
  }

  async readFirstPart(version: number): Promise<ArrayBuffer | undefined> {
    await Promise.resolve();
    return this.state.parts.find((part) => part.version === version)?.bytes.slice(0);
  }

  store(
    { commit, deleteExtentsFrom, extents = [], deleteCommitsUpTo, meta }: StoreChanges,
    _format: ExtentFormat,
  ): void {
    const extentsAfter = new Map(this.state.extents);
    for (const index of this.state.extents.keys()) {
      if (index >= (deleteExtentsFrom ?? Infinity)) extentsAfter.delete(index);
    }
    for (const extent of extents) {
      extentsAfter.set(extent.extentIndex, { version: extent.version, bytes: joinParts(extent) });
    }
    const added = (commit?.parts ?? []).map((bytes) => ({ version: commit?.version ?? 0, bytes }));
    this.state = {
      meta: meta ?? this.state.meta,
      extents: extentsAfter,
      parts: [...this.state.parts, ...added].filter(({ version }) => version > (deleteCommitsUpTo ?? -1)),
    };
  }

  tryBlob(): void {
    // Nothing is refused.
  }
}

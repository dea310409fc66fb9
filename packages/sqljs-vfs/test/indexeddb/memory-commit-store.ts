/** A commit store in memory that several contexts share, with transactions as isolated and as asynchronous as IndexedDB's. */
import assert from 'node:assert/strict';
import type {
  CommitStore,
  KnownExtents,
  StoreChanges,
  StoreMeta,
  StoreTransaction,
} from '../../src/storages/indexeddb/commit-store.ts';
import {
  BytesInMemory,
  type Extent,
  type ExtentContent,
  extentCount,
  type ExtentFormat,
  joinParts,
  type NewExtent,
} from '../../src/storages/indexeddb/extents.ts';
import { SerialQueue } from '../../src/serial-queue.ts';

/** The fault of a read-write transaction: it fails, or is stored and its answer lost, or the connection is lost as well. */
export type StoreFault = 'fails' | 'loses the answer' | 'loses the answer and the connection';

/** A handle of an extent in memory. The test can make every handle given out so far unreadable. */
class MemoryContent implements ExtentContent {
  readonly inMemory = false;
  readonly readCost = 'call';
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
  readonly readsOnDemand: boolean;
  /** Injected into the next read-write transaction. */
  fault: StoreFault | undefined;
  /** True while every transaction that stores extents fails. */
  refusesExtents = false;
  /** True while every read-only transaction fails. */
  refusesReads = false;
  /** Called once, before the next read-write transaction begins. */
  beforeNextWrite: (() => Promise<void>) | undefined;
  /** Number of extents whose bytes were loaded, where they are not read on demand. */
  loadedExtents = 0;

  /** @param onCommit - called when a commit of this context is stored, acknowledged or not */
  constructor(database: MemoryDatabase, readsOnDemand: boolean, onCommit: () => void) {
    this.#database = database;
    this.readsOnDemand = readsOnDemand;
    this.#onCommit = onCommit;
  }

  /** Makes every handle of an extent that this context has unreadable. */
  invalidateHandles(): void {
    this.#generation++;
  }

  get connected(): boolean {
    return !this.#lost;
  }

  async transact<T>(
    mode: 'readonly' | 'readwrite',
    work: (transaction: StoreTransaction) => Promise<T>,
  ): Promise<T> {
    const { beforeNextWrite } = this;
    if (mode === 'readwrite' && beforeNextWrite) {
      this.beforeNextWrite = undefined;
      await beforeNextWrite();
    }
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
    if (this.refusesReads) throw new Error('the read fails');
    return work(this.#begin());
  }

  async #write<T>(work: (transaction: StoreTransaction) => Promise<T>): Promise<T> {
    const before = this.#database.state;
    const transaction = this.#begin();
    const value = await work(transaction);
    const { fault } = this;
    this.fault = undefined;
    const isRefused = this.refusesExtents && transaction.state.extents !== before.extents;
    if (fault === 'fails' || isRefused) throw new Error('the transaction fails');
    this.#database.state = transaction.state;
    if (before.meta && transaction.state.meta?.version !== before.meta.version) this.#onCommit();
    if (fault === 'loses the answer and the connection') this.#lost = true;
    if (fault) throw new Error('the answer is lost');
    return value;
  }

  hold(extent: NewExtent): NewExtent {
    return extent;
  }

  close(): void {
    this.#lost = true;
  }

  #begin(): MemoryTransaction {
    const generation = this.#generation;
    const handleOf = (bytes: Uint8Array<ArrayBuffer>): ExtentContent => {
      if (this.readsOnDemand) return new MemoryContent(bytes, () => this.#generation === generation);
      this.loadedExtents++;
      return new BytesInMemory(bytes.slice());
    };
    return new MemoryTransaction(this.#database.state, handleOf);
  }
}

class MemoryTransaction implements StoreTransaction {
  state: StoreState;
  readonly #handleOf: (bytes: Uint8Array<ArrayBuffer>) => ExtentContent;

  constructor(state: StoreState, handleOf: (bytes: Uint8Array<ArrayBuffer>) => ExtentContent) {
    this.state = state;
    this.#handleOf = handleOf;
  }

  async readMeta(): Promise<unknown> {
    const { meta } = this.state;
    await Promise.resolve();
    return meta;
  }

  async readExtents({ sizeBytes }: StoreMeta, known: KnownExtents): Promise<Extent[]> {
    await Promise.resolve();
    return [...this.state.extents]
      .filter(([extentIndex]) => extentIndex < extentCount(sizeBytes))
      .map(([extentIndex, stored]) => {
        const present = known[extentIndex];
        const isLoaded = present?.content.inMemory && present.version === stored.version;
        return isLoaded ? present : this.#extent(extentIndex, stored);
      });
  }

  async readExtent(extentIndex: number): Promise<Extent | undefined> {
    await Promise.resolve();
    const stored = this.state.extents.get(extentIndex);
    return stored && this.#extent(extentIndex, stored);
  }

  #extent(extentIndex: number, { version, bytes }: StoredExtent): Extent {
    return { extentIndex, version, content: this.#handleOf(bytes) };
  }

  async readCommits(version: number, meta: StoreMeta): Promise<ArrayBuffer[]> {
    await Promise.resolve();
    return this.state.parts
      .filter((part) => part.version > version && part.version <= meta.version)
      .map(({ bytes }) => bytes.slice(0));
  }

  async readFirstPart(version: number): Promise<ArrayBuffer | undefined> {
    await Promise.resolve();
    return this.state.parts.find((part) => part.version === version)?.bytes.slice(0);
  }

  store(
    { commit, deleteExtentsFrom, extents = [], deleteCommitsUpTo, meta }: StoreChanges,
    _format: ExtentFormat,
  ): Promise<void> {
    const stored = [...extents];
    const extentsAfter = new Map(this.state.extents);
    for (const index of this.state.extents.keys()) {
      if (index >= (deleteExtentsFrom ?? Infinity)) extentsAfter.delete(index);
    }
    for (const extent of stored) {
      extentsAfter.set(extent.extentIndex, { version: extent.version, bytes: joinParts(extent) });
    }
    const added = (commit?.parts ?? []).map((bytes) => ({ version: commit?.version ?? 0, bytes }));
    this.state = {
      meta: meta ?? this.state.meta,
      extents: stored.length > 0 || deleteExtentsFrom !== undefined ? extentsAfter : this.state.extents,
      parts: [...this.state.parts, ...added].filter(({ version }) => version > (deleteCommitsUpTo ?? -1)),
    };
    return Promise.resolve();
  }

  tryBlob(): Promise<void> {
    // Nothing is refused.
    return Promise.resolve();
  }
}

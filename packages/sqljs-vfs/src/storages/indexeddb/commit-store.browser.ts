/** The commit store in IndexedDB. A connection that was lost is opened again by the next transaction. */
import { promisifyRequest } from 'idb-keyval';
import type { CommitStore, KnownExtents, StoreChanges, StoreMeta, StoreTransaction } from './commit-store.ts';
import { openConnection, type IndexedDbConnection } from './connection.browser.ts';
import { inBlob, openExtent, readsOnDemand, recordOf } from './extent-content.browser.ts';
import { type Extent, extentCount, type ExtentFormat, type NewExtent } from './extents.ts';
import {
  commitKey,
  commitRange,
  commitsUpTo,
  extentKey,
  type ExtentRecord,
  extentsFrom,
  firstExtents,
  META_KEY,
  PROBE_KEY,
} from './layout.browser.ts';

/** Commits in one request, by their size: the browser reads requests side by side; one for all takes nearly twice as long. */
const BYTES_PER_COMMITS_REQUEST: number = 64 * 1024;

/** One database in IndexedDB. */
export class IndexedDbCommitStore implements CommitStore {
  readonly readsOnDemand: boolean = readsOnDemand;
  readonly #name: string;
  readonly #durability: 'strict' | 'relaxed';
  /** True from the first connection on: a database that is removed later is noticed by its id. */
  #create: boolean;
  #connection: IndexedDbConnection | undefined;

  /** @param create - make the database if it is missing */
  constructor(name: string, durability: 'strict' | 'relaxed', create: boolean) {
    this.#name = name;
    this.#durability = durability;
    this.#create = create;
  }

  get connected(): boolean {
    return this.#connection?.usable === true;
  }

  async transact<T>(
    mode: 'readonly' | 'readwrite',
    work: (transaction: StoreTransaction) => Promise<T>,
    durability: 'strict' | 'relaxed' = this.#durability,
  ): Promise<T> {
    if (!this.#connection?.usable) {
      this.#connection = await openConnection(this.#name, this.#create);
      this.#create = true;
    }
    return this.#connection.transact(mode, durability, (store) => work(new ObjectStoreTransaction(store)));
  }

  hold(extent: NewExtent, format: ExtentFormat): NewExtent {
    return format === 'Blob' ? inBlob(extent) : extent;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

class ObjectStoreTransaction implements StoreTransaction {
  readonly #store: IDBObjectStore;

  constructor(store: IDBObjectStore) {
    this.#store = store;
  }

  readMeta(): Promise<unknown> {
    return promisifyRequest<unknown>(this.#store.get(META_KEY));
  }

  /** A file that has shrunk may have left extents past its end; they are not read. */
  async readExtents({ sizeBytes }: StoreMeta, known: KnownExtents): Promise<Extent[]> {
    const range = firstExtents(extentCount(sizeBytes));
    const records = await promisifyRequest<ExtentRecord[]>(this.#store.getAll(range));
    return Promise.all(records.map((record) => openExtent(record, known[record.extentIndex])));
  }

  async readExtent(extentIndex: number): Promise<Extent | undefined> {
    const request = this.#store.get(extentKey(extentIndex));
    const record = await promisifyRequest<ExtentRecord | undefined>(request);
    return record && openExtent(record);
  }

  async readCommits(version: number, meta: StoreMeta): Promise<ArrayBuffer[]> {
    const bytesPerCommit = meta.uncheckpointedBytes / (meta.version - meta.checkpointedVersion);
    const commitsPerRequest = Math.max(1, Math.round(BYTES_PER_COMMITS_REQUEST / bytesPerCommit));
    const requests: Promise<ArrayBuffer[]>[] = [];
    for (let after = version; after < meta.version; after += commitsPerRequest) {
      requests.push(
        promisifyRequest<ArrayBuffer[]>(this.#store.getAll(commitRange(after, commitsPerRequest))),
      );
    }
    return (await Promise.all(requests)).flat();
  }

  readFirstPart(version: number): Promise<ArrayBuffer | undefined> {
    return promisifyRequest<ArrayBuffer | undefined>(this.#store.get(commitKey(version, 0)));
  }

  /**
   * WebKit may refuse a Blob. A transaction that had committed before it did is completed without the Blob, and one with
   * an earlier request that it has not answered never ends. So Blobs wait for what is before them, and the rest for them.
   */
  async store(
    { commit, deleteExtentsFrom, extents, deleteCommitsUpTo, meta }: StoreChanges,
    format: ExtentFormat,
  ): Promise<void> {
    const blobs: Promise<unknown>[] = [];
    if (deleteExtentsFrom !== undefined) {
      const deleting = promisifyRequest(this.#store.delete(extentsFrom(deleteExtentsFrom)));
      if (extents && format === 'Blob') await deleting;
      else deleting.catch(() => undefined);
    }
    for (const extent of extents ?? []) {
      const request = this.#store.put(recordOf(extent, format), extentKey(extent.extentIndex));
      if (format === 'Blob') blobs.push(promisifyRequest(request));
    }
    if (blobs.length > 0) await Promise.all(blobs);
    for (const [index, part] of (commit?.parts ?? []).entries()) {
      this.#store.put(part, commitKey(commit?.version ?? 0, index));
    }
    if (deleteCommitsUpTo !== undefined) this.#store.delete(commitsUpTo(deleteCommitsUpTo));
    if (meta) this.#store.put(meta, META_KEY);
  }

  async tryBlob(): Promise<void> {
    await promisifyRequest(this.#store.put(new Blob([new Uint8Array(1)]), PROBE_KEY));
    this.#store.delete(PROBE_KEY);
  }
}

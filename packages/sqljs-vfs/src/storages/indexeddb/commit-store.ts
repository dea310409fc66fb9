/**
 * The interface between the commit log and the place that keeps its records: `commit-store.browser.ts` is IndexedDB,
 * tests have one in memory. A store knows nothing of versions or conflicts (`stored-database.ts` does); it runs
 * transactions. No browser API here.
 */
import type { StoredEncryption } from './data-key.ts';
import type { Extent, ExtentFormat, NewExtent } from './extents.ts';

/** The format that this version writes, and the only one it reads. */
export const FORMAT_VERSION = 2;

/** The record that says how to read the others. Every commit reads it and writes it. */
export interface StoreMeta {
  readonly format: number;
  /** A UUID, made with the database: distinguishes it from another database under the same name. */
  readonly databaseId: string;
  /** Chosen when the database is made. */
  readonly extentFormat: ExtentFormat;
  /** Number of commits since the database was made. */
  readonly version: number;
  /** Size of the file. */
  readonly sizeBytes: number;
  /** Commits up to this version are in the extents; their records are deleted. */
  readonly checkpointedVersion: number;
  /** Size of the records of all later commits. */
  readonly uncheckpointedBytes: number;
  /** The random id of the latest commit (`commit-record.ts`), in hexadecimal; '' before the first. */
  readonly lastCommitId: string;
  /** Chosen when the database is made: missing in one that is not encrypted. */
  readonly encryption?: StoredEncryption;
  /** Of an encrypted database: the tag of the fields above (`record-cipher.ts`). */
  readonly seal?: Uint8Array<ArrayBuffer>;
}

/** True when a value is a meta record of any format. */
export function isStoreMeta(value: unknown): value is StoreMeta {
  const meta = value as Partial<StoreMeta> | null | undefined;
  return (
    typeof meta?.format === 'number' &&
    typeof meta.databaseId === 'string' &&
    typeof meta.version === 'number' &&
    typeof meta.sizeBytes === 'number' &&
    typeof meta.checkpointedVersion === 'number' &&
    typeof meta.uncheckpointedBytes === 'number'
  );
}

/** Changes that one transaction stores: all of them or none. Applied in the order of these fields. */
export interface StoreChanges {
  /** The record of a commit, in parts (`commit-record.ts`). */
  readonly commit?: { readonly version: number; readonly parts: readonly ArrayBuffer[] };
  /** Deletes this extent and all after it: they lie past the end of the file. */
  readonly deleteExtentsFrom?: number;
  /** Extents to store. Iterated once, so they may be copied from memory one at a time. */
  readonly extents?: Iterable<NewExtent>;
  /** Deletes the records of the commits up to this version. */
  readonly deleteCommitsUpTo?: number;
  readonly meta?: StoreMeta;
}

/** The extents that a context has, by their index. */
export type KnownExtents = readonly (Extent | undefined)[];

/** One transaction on a store. Reads see one state; requests may be made together, before the first is answered. */
export interface StoreTransaction {
  /** Reads the meta record; undefined where the store is empty. */
  readMeta(): Promise<unknown>;
  /**
   * Reads the stored extents of a file, or the handles with which their bytes can be read later. One that is missing is
   * all zeros.
   * @param known - extents that the caller has, by their index: content in memory is not loaded again
   */
  readExtents(meta: StoreMeta, known: KnownExtents): Promise<Extent[]>;
  /** Reads one extent; undefined where it is not stored. */
  readExtent(extentIndex: number): Promise<Extent | undefined>;
  /** Reads every part of the commits after a version, in order. */
  readCommits(version: number, meta: StoreMeta): Promise<ArrayBuffer[]>;
  /** Reads the first part of a commit; undefined where it is not stored. */
  readFirstPart(version: number): Promise<ArrayBuffer | undefined>;
  /**
   * Requests changes. It waits for Blobs alone, before which the caller must have the answers to its own requests;
   * {@link CommitStore.transact} waits for the rest.
   */
  store(changes: StoreChanges, format: ExtentFormat): Promise<void>;
  /** Stores a Blob and deletes it again. @throws the browser's error where it stores no Blobs */
  tryBlob(): Promise<void>;
}

/** The place of one database's records, as one context sees it. */
export interface CommitStore {
  /** True when a transaction needs no new connection. */
  readonly connected: boolean;
  /** True when the bytes of Blobs are read when they are needed, and not with the extent. */
  readonly readsOnDemand: boolean;
  /**
   * Runs a transaction. Read-write transactions of all contexts run one after the other.
   * @returns the result of `work` once the transaction is durable; a request's own success comes earlier and can still
   * be undone
   * @param durability - `strict` where it must be durable whatever the database promises for commits
   * @throws the store's own error; nothing of the transaction is stored then, except where the store lost the answer
   */
  transact<T>(
    mode: 'readonly' | 'readwrite',
    work: (transaction: StoreTransaction) => Promise<T>,
    durability?: 'strict',
  ): Promise<T>;
  /** Takes an extent out of memory, if it can, until a transaction stores it. */
  hold(extent: NewExtent, format: ExtentFormat): NewExtent;
  close(): void;
}

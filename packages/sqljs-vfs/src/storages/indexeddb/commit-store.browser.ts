/**
 * What is stored of a database: every transaction on it there is. The connection is opened anew when it was lost; the
 * database must still be the same then.
 */
import { promisifyRequest } from 'idb-keyval';
import { SqliteError, VfsError } from '../../errors.ts';
import { type CommitPart, decodeCommitPart } from './commit-record.ts';
import type { PageMirror } from './file-mirror.ts';
import { ResultCode } from '../../result-codes.ts';
import { openConnection, type IndexedDbConnection } from './connection.browser.ts';
import { FORMAT_1, loadFormat1 } from './format-1.browser.ts';
import {
  commitKey,
  commitsAfter,
  everyExtent,
  type Extent,
  extentCount,
  extentKey,
  extentOf,
  FORMAT_VERSION,
  isStoreMeta,
  META_KEY,
  type StoreMeta,
} from './layout.browser.ts';
import { readCommits, readExtents } from './loading.browser.ts';

/** What is stored is not what we believed. */
export class Conflict extends Error {
  /** What is stored now. */
  readonly stored: StoreMeta | undefined;

  constructor(stored: StoreMeta | undefined) {
    super('another tab was faster');
    this.stored = stored;
  }
}

/** The error that says so to SQLite's callers. */
export function isConflict(error: unknown): error is SqliteError & { readonly cause: Conflict } {
  return error instanceof SqliteError && error.cause instanceof Conflict;
}

/** What somebody who knows an earlier state, or none, has not seen. */
export interface News {
  readonly meta: StoreMeta;
  /** Whether extents and commits are the whole file, because the earlier state is too old, or there was none. */
  readonly whole: boolean;
  readonly extents: readonly Extent[];
  readonly commits: readonly CommitPart[];
}

/** One database in IndexedDB, seen from one context. */
export class StoredDatabase {
  readonly name: string;
  readonly #durability: 'strict' | 'relaxed';
  #connection: IndexedDbConnection | undefined;
  /** Which database it is; known from the first look on. */
  #epoch: string | undefined;
  #failure: VfsError | undefined;

  constructor(name: string, durability: 'strict' | 'relaxed') {
    this.name = name;
    this.#durability = durability;
  }

  /** Whether a transaction needs no new connection. */
  get connected(): boolean {
    return this.#connection?.usable === true;
  }

  /** Whether every call fails from now on: it was closed, or the database is another one. */
  get ended(): boolean {
    return this.#failure !== undefined;
  }

  close(): void {
    this.#failure ??= new VfsError('CLOSED', `${this.name} is closed`);
    this.#connection?.close();
    this.#connection = undefined;
  }

  /**
   * What has been committed since a state, or everything there is. Makes the database when it is missing, and rewrites
   * it when its format is an earlier one.
   * @throws VfsError `UNREADABLE_STORAGE`, `STORAGE_RESET`, `STORAGE_UNAVAILABLE`, `CLOSED`
   * @throws SqliteError SQLITE_IOERR (10); SQLITE_FULL (13) while making or rewriting it
   */
  async since(known: StoreMeta | undefined): Promise<News> {
    for (;;) {
      const found = await this.#transact('readonly', (store) => this.#look(store, known));
      if (found.outdated) await this.#rewrite(found.meta, found.outdated);
      else if (found.news) return found.news;
      else await this.#initialise();
    }
  }

  /**
   * Compare-and-swap: stores something if what is stored is what we believe. Everything is asked for at once; what was
   * put before the check turns out wrong is taken back with the transaction.
   * @throws SqliteError SQLITE_BUSY (5) with a {@link Conflict} as its cause; SQLITE_FULL (13), SQLITE_IOERR (10)
   */
  swap(believed: StoreMeta, put: (store: IDBObjectStore) => void): Promise<void> {
    return this.#transact('readwrite', async (store) => {
      const check = this.#readMeta(store);
      // When a put throws, nobody waits for this any more.
      check.catch(() => undefined);
      put(store);
      const stored = await check;
      if (stored?.version !== believed.version || stored.foldedVersion !== believed.foldedVersion) {
        throw new Conflict(stored);
      }
    });
  }

  /**
   * Whether a commit is stored, after the browser failed to say so: a connection can be lost between the two.
   * @param version - that the commit would make
   * @returns undefined when nobody can tell any more: it was folded since
   */
  holdsCommit(version: number, commitId: bigint): Promise<boolean | undefined> {
    return this.#transact('readonly', async (store) => {
      const [meta, part] = await Promise.all([
        this.#readMeta(store),
        promisifyRequest<ArrayBuffer | undefined>(store.get(commitKey(version, 0))),
      ]);
      if (part) return decodeCommitPart(part).commitId === commitId;
      return (meta?.foldedVersion ?? 0) >= version ? undefined : false;
    });
  }

  async #look(
    store: IDBObjectStore,
    known: StoreMeta | undefined,
  ): Promise<{ news?: News; outdated?: undefined } | { meta: StoreMeta; outdated: PageMirror }> {
    const meta = await this.#readMeta(store);
    if (!meta) return {};
    if (meta.format === FORMAT_1) return { meta, outdated: await loadFormat1(store, meta) };
    if (known && meta.version === known.version) {
      return { news: { meta, whole: false, extents: [], commits: [] } };
    }
    const whole = !known || meta.foldedVersion > known.version;
    const [extents, commits] = await Promise.all([
      whole ? readExtents(store, meta) : [],
      readCommits(store, whole ? meta.foldedVersion : known.version, meta),
    ]);
    return { news: { meta, whole, extents, commits } };
  }

  /** The stored meta record, if there is one and it is ours to read. */
  async #readMeta(store: IDBObjectStore): Promise<StoreMeta | undefined> {
    const stored: unknown = await promisifyRequest(store.get(META_KEY));
    if (stored === undefined) {
      if (this.#epoch !== undefined) throw this.#reset();
      return undefined;
    }
    // A database that is open already was rewritten when it was opened: nothing turns it back.
    const readable =
      isStoreMeta(stored) &&
      (stored.format === FORMAT_VERSION || (stored.format === FORMAT_1 && this.#epoch === undefined));
    if (!readable) {
      const format = isStoreMeta(stored) ? String(stored.format) : 'unknown';
      throw new VfsError(
        'UNREADABLE_STORAGE',
        `${this.name} is stored in format ${format}, not ${FORMAT_VERSION}`,
        {
          hint: 'Use the version of this program that wrote it. What is stored was left untouched.',
        },
      );
    }
    if (this.#epoch !== undefined && stored.epoch !== this.#epoch) throw this.#reset();
    if (stored.format === FORMAT_VERSION) this.#epoch = stored.epoch;
    return stored;
  }

  #reset(): VfsError {
    this.#failure = new VfsError('STORAGE_RESET', `${this.name} was removed or replaced while it was open`, {
      hint: 'Open it again to start anew; a copy made before can be imported.',
    });
    return this.#failure;
  }

  /** Makes an empty database, unless another tab was faster. */
  #initialise(): Promise<void> {
    return this.#transact('readwrite', async (store) => {
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
    });
  }

  /** Replaces a database of format 1 by the same in this format, unless another tab was faster or has written to it. */
  #rewrite(meta: StoreMeta, mirror: PageMirror): Promise<void> {
    return this.#transact('readwrite', async (store) => {
      const stored = await this.#readMeta(store);
      if (stored?.format !== meta.format || stored.epoch !== meta.epoch || stored.version !== meta.version)
        return;
      store.delete(everyExtent());
      store.delete(commitsAfter(-1));
      for (let index = 0; index < extentCount(meta.sizeBytes); index++) {
        store.put(extentOf(mirror, index), extentKey(index));
      }
      store.put({ ...meta, format: FORMAT_VERSION, foldedVersion: meta.version, unfoldedBytes: 0 }, META_KEY);
    });
  }

  async #transact<Output>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => Promise<Output>,
  ): Promise<Output> {
    if (this.#failure) throw this.#failure;
    if (!this.#connection?.usable) this.#connection = await openConnection(this.name);
    try {
      return await this.#connection.transact(mode, this.#durability, work);
    } catch (error) {
      throw asStorageError(error);
    }
  }
}

/** Says in SQLite's words what the browser reported, so that callers need know only one kind of failure. */
function asStorageError(error: unknown): Error {
  if (error instanceof VfsError) return error;
  if (error instanceof Conflict)
    return new SqliteError(ResultCode.BUSY, 'another tab committed first', error);
  if ((error as { name?: unknown } | null)?.name === 'QuotaExceededError') {
    return new SqliteError(ResultCode.FULL, 'the browser has no room left for this site', error);
  }
  return new SqliteError(ResultCode.IOERR, `IndexedDB failed: ${(error as Error).message}`, error);
}

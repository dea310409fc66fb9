/**
 * The protocol by which contexts share a stored database: format check, key, identity, compare-and-swap. Every transaction
 * on the store is here, and what an encrypted database stores is encrypted and decrypted here, outside of transactions. No
 * browser API here.
 */
import type { EncryptionKey } from '../../contract/encryption-key.ts';
import { SqliteError, VfsError } from '../../errors.ts';
import { ResultCode } from '../../result-codes.ts';
import { type CommitPart, commitIdText, decodeCommitPart } from './commit-record.ts';
import {
  type CommitStore,
  FORMAT_VERSION,
  isStoreMeta,
  type KnownExtents,
  type StoreChanges,
  type StoreMeta,
  type StoreTransaction,
} from './commit-store.ts';
import {
  derivePassphraseKey,
  makeDataKey,
  type StoredEncryption,
  unwrapDataKey,
  wrapDataKey,
  wrongKey,
} from './data-key.ts';
import type { Extent, ExtentFormat, NewExtent } from './extents.ts';
import type { RecordCipher } from './record-cipher.ts';

/** The stored version is not the expected one. */
export class VersionConflict extends Error {
  /** The meta record that is stored now. */
  readonly stored: StoreMeta | undefined;

  constructor(stored: StoreMeta | undefined) {
    super('another tab committed first');
    this.stored = stored;
  }
}

/** True when compare-and-swap failed: the form in which SQLite's callers get a {@link VersionConflict}. */
export function isVersionConflict(
  error: unknown,
): error is SqliteError & { readonly cause: VersionConflict } {
  return error instanceof SqliteError && error.cause instanceof VersionConflict;
}

/** The state that a context knows. */
export interface KnownState {
  readonly version: number;
  /** The checkpoint of the extents that it reads; undefined when it needs all of them again. */
  readonly checkpointedVersion: number | undefined;
  readonly extents: KnownExtents;
}

/** Everything stored since a known state. */
export interface Delta {
  readonly meta: StoreMeta;
  /**
   * True when extents and commits are the whole file: there was no known state, or there is a newer checkpoint. Where
   * extents are in memory, one of commits that the context knows changes nothing for it.
   */
  readonly whole: boolean;
  readonly extents: readonly Extent[];
  readonly commits: readonly CommitPart[];
}

/** The encryption of a new database. */
interface NewEncryption {
  readonly cipher: RecordCipher;
  /** Adds the encrypted data key and the tag to a meta record. */
  readonly seal: (meta: StoreMeta) => StoreMeta;
}

/** What one transaction has read of it. */
interface StoredDelta {
  readonly meta: StoreMeta;
  readonly whole: boolean;
  /** The version before the first of the commits. */
  readonly commitsAfter: number;
  readonly extents: readonly Extent[];
  readonly parts: readonly ArrayBuffer[];
  /** Of an encrypted database: true when the commit after the latest one that the meta record knows is stored. */
  readonly hasLaterCommit: boolean;
}

/** A stored database, as one context sees it. */
export class StoredDatabase {
  readonly name: string;
  readonly #store: CommitStore;
  #key: EncryptionKey | undefined;
  /** Of an encrypted database, from the first read on. */
  #cipher: RecordCipher | undefined;
  #dataKey: Uint8Array<ArrayBuffer> | undefined;
  /** Known from the first read on. */
  #databaseId: string | undefined;
  /** Ends the use of this object: every later call throws it. */
  #failure: VfsError | undefined;

  constructor(name: string, store: CommitStore) {
    this.name = name;
    this.#store = store;
  }

  /** Takes the key, before the first transaction. */
  useKey(key: EncryptionKey): void {
    this.#key = key;
  }

  /** True when a transaction needs no new connection. */
  get connected(): boolean {
    return this.#store.connected;
  }

  /** True when every call fails from now on: this object was closed, or the database was removed or replaced. */
  get ended(): boolean {
    return this.#failure !== undefined;
  }

  close(): void {
    this.#failure ??= new VfsError('CLOSED', `${this.name} is closed`);
    this.#store.close();
  }

  /**
   * Reads everything committed since a known state, or the whole file. Makes the database when it is missing.
   * @throws {VfsError} `UNREADABLE_STORAGE`, `STORAGE_RESET`, `STORAGE_UNAVAILABLE`, `CLOSED`; `KEY_REQUIRED`, `WRONG_KEY`;
   * `CORRUPT` for an encrypted record that was changed
   * @throws {SqliteError} SQLITE_IOERR (10); SQLITE_FULL (13) while making the database
   */
  async readSince(known: KnownState | undefined): Promise<Delta> {
    for (;;) {
      if (this.#key !== undefined) await this.#unlock(this.#key);
      const delta = await this.#transact('readonly', (transaction) => this.#readDelta(transaction, known));
      if (delta) return this.#decoded(delta, known);
      await this.#initialise();
    }
  }

  /**
   * Compare-and-swap: stores changes if the stored version is the expected one. All requests are made at once. Changes
   * made before the check fails are undone with the transaction.
   * @throws {SqliteError} SQLITE_BUSY (5) with a {@link VersionConflict} as its cause; SQLITE_FULL (13),
   * SQLITE_IOERR (10)
   */
  async compareAndSwap(expected: StoreMeta, changes: StoreChanges): Promise<void> {
    await this.#compareAndStore(expected, await this.#sealed(changes));
  }

  async #compareAndStore(expected: StoreMeta, changes: StoreChanges): Promise<void> {
    const compare = async (transaction: StoreTransaction): Promise<void> => {
      const stored = await this.#readMeta(transaction);
      if (
        stored?.version !== expected.version ||
        stored.checkpointedVersion !== expected.checkpointedVersion
      ) {
        throw new VersionConflict(stored);
      }
    };
    const swap = async (transaction: StoreTransaction): Promise<void> => {
      const check = compare(transaction);
      // When storing throws, this promise has no other handler.
      check.catch(() => undefined);
      // Without Blobs both requests are made together: one round trip less.
      if (changes.extents && expected.extentFormat === 'Blob') await check;
      await transaction.store(changes, expected.extentFormat);
      await check;
    };
    // The browser deletes the files of replaced extents. Losing new ones would lose more than the last commits.
    await this.#transact('readwrite', swap, changes.extents && 'strict');
  }

  /**
   * Derives the key of a passphrase, and tries it.
   * @throws {VfsError} `WRONG_KEY`
   */
  async derivedKey(passphrase: string): Promise<EncryptionKey> {
    this.#key = passphrase;
    const meta = await this.#transact('readonly', (transaction) => this.#readMeta(transaction));
    if (!meta?.encryption?.passphrase) throw wrongKey(`${this.name} was not encrypted with a passphrase`);
    const key = await derivePassphraseKey(passphrase, meta.encryption.passphrase);
    await unwrapDataKey(this.name, meta.encryption, key, meta.databaseId);
    return key;
  }

  /** Encrypts the data key for another user's key. @returns what a commit stores in the meta record */
  async rewrapped(meta: StoreMeta, newKey: EncryptionKey): Promise<StoreMeta> {
    if (!this.#dataKey) throw new Error('the database is not encrypted');
    return { ...meta, encryption: await wrapDataKey(this.#dataKey, newKey, meta.databaseId) };
  }

  /**
   * Compare-and-swap: stores the whole file again, as another database under the same name. Every context that has this
   * one open gets `STORAGE_RESET`, and so does this one.
   * @param extents - the whole file, as the next version has it
   * @param newKey - undefined for a database that is not encrypted
   * @throws {SqliteError} SQLITE_BUSY (5) with a {@link VersionConflict} as its cause; SQLITE_FULL (13),
   * SQLITE_IOERR (10)
   */
  async replace(
    expected: StoreMeta,
    extents: Iterable<NewExtent>,
    newKey: EncryptionKey | undefined,
  ): Promise<void> {
    const { seal: _seal, encryption: _encryption, ...before } = expected;
    const version = expected.version + 1;
    const databaseId = crypto.randomUUID();
    const next: StoreMeta = {
      ...before,
      databaseId,
      version,
      checkpointedVersion: version,
      uncheckpointedBytes: 0,
      lastCommitId: '',
    };
    const other = newKey === undefined ? undefined : await this.#newEncryption(databaseId, newKey);
    const { loadedExtent } = await import('./record-cipher.ts');
    const stored: NewExtent[] = [];
    for (const extent of extents) {
      const loaded = await loadedExtent(extent);
      const sealed = await other?.cipher.sealVerified(loaded);
      stored.push(this.#store.hold(sealed ?? { ...loaded, parts: [loaded.bytes] }, expected.extentFormat));
    }
    await this.#compareAndStore(expected, {
      deleteExtentsFrom: 0,
      extents: stored,
      deleteCommitsUpTo: version,
      meta: other?.seal(next) ?? next,
    });
  }

  /** Returns the stored size of a commit's parts. */
  recordSizeOf(parts: readonly ArrayBuffer[]): number {
    const plainBytes = parts.reduce((total, part) => total + part.byteLength, 0);
    return plainBytes + parts.length * (this.#cipher?.partOverheadBytes ?? 0);
  }

  /**
   * Looks for a commit whose answer was lost: the browser can lose its connection between storing and answering.
   * @param version - the version that the commit makes
   * @returns undefined when there are later commits and its record has been deleted by a checkpoint, or it had none:
   * the question is then open
   */
  async containsCommit(version: number, commitId: bigint): Promise<boolean | undefined> {
    const { meta, part } = await this.#transact('readonly', async (transaction) => {
      const requests = [this.#readMeta(transaction), transaction.readFirstPart(version)] as const;
      const [stored, firstPart] = await Promise.all(requests);
      return { meta: stored, part: firstPart };
    });
    if (!meta || meta.version < version) return false;
    if (meta.version === version) return meta.lastCommitId === commitIdText(commitId);
    if (!part) return undefined;
    const opened = this.#cipher ? await this.#cipher.openFirstPart(part, version) : part;
    return decodeCommitPart(opened).commitId === commitId;
  }

  /**
   * Reads extents that were just stored.
   * @returns undefined when another context has committed since: they may then be of a later version
   */
  async readExtents(
    extentIndexes: readonly number[],
    expected: StoreMeta,
  ): Promise<readonly Extent[] | undefined> {
    const stored = await this.#transact('readonly', async (transaction) => {
      const [meta, ...extents] = await Promise.all([
        this.#readMeta(transaction),
        ...extentIndexes.map((extentIndex) => transaction.readExtent(extentIndex)),
      ]);
      if (meta?.version !== expected.version) return undefined;
      return extents.filter((extent) => extent !== undefined);
    });
    if (!stored) return undefined;
    this.#cipher?.assertLatest(expected, stored);
    return this.#openedExtents(stored);
  }

  /** @returns undefined where the store is empty */
  async #readDelta(
    transaction: StoreTransaction,
    known: KnownState | undefined,
  ): Promise<StoredDelta | undefined> {
    const meta = await this.#readMeta(transaction);
    if (!meta) return undefined;
    const after = this.#sinceKnown(meta, known);
    const whole = after === undefined;
    const commitsAfter = after ?? meta.checkpointedVersion;
    const isCurrent = after === meta.version;
    const [extents, parts, laterPart] = await Promise.all([
      whole ? transaction.readExtents(meta, known?.extents ?? []) : [],
      isCurrent ? [] : transaction.readCommits(commitsAfter, meta),
      this.#cipher && transaction.readFirstPart(meta.version + 1),
    ]);
    return { meta, whole, commitsAfter, extents, parts, hasLaterCommit: laterPart !== undefined };
  }

  async #decoded({ meta, whole, ...stored }: StoredDelta, known: KnownState | undefined): Promise<Delta> {
    this.#cipher?.assertLatest(meta, stored.extents, stored.hasLaterCommit);
    const extents = await this.#openedExtents(stored.extents, known?.extents);
    const parts = this.#cipher
      ? await this.#cipher.openCommits(stored.parts, stored.commitsAfter, meta.version)
      : stored.parts;
    return { meta, whole, extents, commits: parts.map((part) => decodeCommitPart(part)) };
  }

  /** Makes stored extents readable. What the caller has in memory is not decrypted again. */
  async #openedExtents(stored: readonly Extent[], known: KnownExtents = []): Promise<readonly Extent[]> {
    const cipher = this.#cipher;
    if (!cipher) return stored;
    return Promise.all(
      stored.map(async (extent): Promise<Extent> => {
        const present = known[extent.extentIndex];
        const isKnown = present?.version === extent.version && present.content.inMemory;
        return isKnown ? present : cipher.openExtent(extent);
      }),
    );
  }

  /** Encrypts changes. Extents of which slices are stored again are read for it. */
  async #sealed(changes: StoreChanges): Promise<StoreChanges> {
    if (!this.#cipher || this.#failure) return changes;
    try {
      return await this.#cipher.sealChanges(changes);
    } catch (error) {
      throw asStorageError(error);
    }
  }

  /**
   * Decrypts the data key, once. Makes the database when it is missing.
   * @throws {VfsError} `WRONG_KEY`
   */
  async #unlock(key: EncryptionKey): Promise<void> {
    while (!this.#cipher) {
      const meta = await this.#transact('readonly', (transaction) => this.#readMeta(transaction));
      if (!meta?.encryption) {
        await this.#initialise();
        continue;
      }
      const dataKey = await unwrapDataKey(this.name, meta.encryption, key, meta.databaseId);
      // Loaded here, so that a page without an encrypted database does not load the code of a cipher.
      const { RecordCipher } = await import('./record-cipher.ts');
      this.#cipher ??= await RecordCipher.of(this.name, meta.databaseId, dataKey);
      this.#dataKey = dataKey;
    }
  }

  /** Returns the version after which commits are enough; undefined where the extents are read as well. */
  #sinceKnown(meta: StoreMeta, known: KnownState | undefined): number | undefined {
    if (known?.checkpointedVersion === undefined) return undefined;
    if (known.checkpointedVersion === meta.checkpointedVersion) return known.version;
    // After a checkpoint the new handles free what its commits hold in memory, and the files of the old ones.
    const readsOnDemand = this.#store.readsOnDemand && meta.extentFormat === 'Blob';
    return !readsOnDemand && known.version >= meta.checkpointedVersion ? known.version : undefined;
  }

  /** Reads the meta record, if there is one, and refuses another database or format than the expected one. */
  async #readMeta(transaction: StoreTransaction): Promise<StoreMeta | undefined> {
    const stored = await transaction.readMeta();
    if (stored === undefined) {
      if (this.#databaseId !== undefined) throw this.#endByReset();
      return undefined;
    }
    if (!isStoreMeta(stored) || stored.format !== FORMAT_VERSION) {
      const format = isStoreMeta(stored) ? `format ${stored.format}` : 'an unknown format';
      throw new VfsError(
        'UNREADABLE_STORAGE',
        `${this.name} is stored in ${format}, not in format ${FORMAT_VERSION}`,
        { hint: 'Use the version of this program that wrote it. The stored data was left untouched.' },
      );
    }
    if (this.#databaseId !== undefined && stored.databaseId !== this.#databaseId) throw this.#endByReset();
    this.#databaseId = stored.databaseId;
    this.#assertKey(stored);
    return stored;
  }

  #assertKey(stored: StoreMeta): void {
    if (stored.encryption && this.#key === undefined) {
      throw new VfsError('KEY_REQUIRED', `${this.name} is encrypted`, {
        hint: 'Open it with its key. The stored data was left untouched.',
      });
    }
    if (!stored.encryption && this.#key !== undefined) {
      throw wrongKey(`${this.name} is not encrypted, but a key was given`);
    }
    this.#cipher?.assertMeta(stored);
  }

  #endByReset(): VfsError {
    this.#failure = new VfsError('STORAGE_RESET', `${this.name} was removed or replaced while it was open`, {
      hint: 'Open it again, and import a copy if you have one.',
    });
    return this.#failure;
  }

  /** Makes an empty database, unless another context was faster. Chooses Blobs unless the browser refuses them. */
  async #initialise(): Promise<void> {
    // A transaction may also be aborted for a passing reason, so Blobs are tried twice.
    for (const format of ['Blob', 'Blob', 'ArrayBuffer'] as const) {
      try {
        return await this.#create(format);
      } catch (error) {
        if (format === 'ArrayBuffer' || !isRefusal(error)) throw error;
      }
    }
  }

  async #create(extentFormat: ExtentFormat): Promise<void> {
    const databaseId = crypto.randomUUID();
    const encryption = this.#key === undefined ? undefined : await this.#newEncryption(databaseId, this.#key);
    await this.#transact('readwrite', async (transaction) => {
      if (await this.#readMeta(transaction)) return;
      if (extentFormat === 'Blob') await transaction.tryBlob();
      const meta: StoreMeta = {
        format: FORMAT_VERSION,
        databaseId,
        extentFormat,
        version: 0,
        sizeBytes: 0,
        checkpointedVersion: 0,
        uncheckpointedBytes: 0,
        lastCommitId: '',
      };
      await transaction.store({ meta: encryption?.seal(meta) ?? meta }, extentFormat);
    });
  }

  /** Makes the data key of a new database. */
  async #newEncryption(databaseId: string, key: EncryptionKey): Promise<NewEncryption> {
    const dataKey = makeDataKey();
    const encryption: StoredEncryption = await wrapDataKey(dataKey, key, databaseId);
    const { RecordCipher } = await import('./record-cipher.ts');
    const cipher = await RecordCipher.of(this.name, databaseId, dataKey);
    return { cipher, seal: (meta) => cipher.sealMeta({ ...meta, encryption }) };
  }

  async #transact<T>(
    mode: 'readonly' | 'readwrite',
    work: (transaction: StoreTransaction) => Promise<T>,
    durability?: 'strict',
  ): Promise<T> {
    if (this.#failure) throw this.#failure;
    try {
      return await this.#store.transact(mode, work, durability);
    } catch (error) {
      throw asStorageError(error);
    }
  }
}

/**
 * True for the failures with which browsers refuse Blobs: an abort without a reason, a value that cannot be cloned, or
 * WebKit's unknown error, in ephemeral sessions.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof SqliteError)) return false;
  const { name } = (error.cause ?? {}) as { readonly name?: string };
  return name === undefined || ['AbortError', 'DataCloneError', 'UnknownError'].includes(name);
}

/** Maps a store's error to SQLite's result codes, so that callers meet one kind of failure. */
function asStorageError(error: unknown): Error {
  if (error instanceof VfsError) return error;
  if (error instanceof VersionConflict) return new SqliteError(ResultCode.BUSY, error.message, error);
  if ((error as { name?: unknown } | null)?.name === 'QuotaExceededError') {
    return new SqliteError(ResultCode.FULL, 'the browser has no room left for this site', error);
  }
  const reason = (error as Error | null)?.message ?? 'the browser gives no reason';
  return new SqliteError(ResultCode.IOERR, `IndexedDB failed: ${reason}`, error);
}

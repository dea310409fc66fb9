/**
 * Encrypts the records of one database by AES-256-GCM, each with its place as additional data: a record that was changed,
 * or moved to another place, fails. WebCrypto encrypts, and decrypts what need not be synchronous.
 *
 * **Nonces** are 96 random bits each, under a data key that no other database has. Numbers counted up would repeat: two tabs
 * may encrypt different commits of one version, of which one is stored, and a restored copy of the browser's profile
 * begins again at an old version. NIST SP 800-38D, section 8.3, allows 2^32 random ones under one key, and then the chance
 * that any two are equal is below 2^-32. A save takes two and a checkpoint 64 for each full extent, so that is some 200 days
 * of a hundred saves a second without a pause. Nothing counts them; a new data key comes with decrypting and encrypting.
 *
 * A sealed part of a commit, little-endian: float64 version, uint32 part, uint32 number of parts, nonce, ciphertext, tag.
 * A sealed extent is chunks of 16 KiB, the last one shorter, each as nonce, ciphertext, tag. An extent is written whole, so all of its
 * chunks name one version, and older chunks are noticed.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { VfsError } from '../../errors.ts';
import type { StoreChanges, StoreMeta } from './commit-store.ts';
import { KEY_SIZE_BYTES } from '../../contract/encryption-key.ts';
import { gcmParameters, NONCE_SIZE_BYTES, TAG_SIZE_BYTES, webCrypto, type SubtleKey } from './data-key.ts';
import {
  BytesInMemory,
  type Extent,
  type ExtentContent,
  joinParts,
  type NewExtent,
  sizeOf,
} from './extents.ts';

/**
 * The unit of encryption in extents: the least that is decrypted to read a page. Synchronous decryption takes ten times
 * as long as WebCrypto, so a chunk is smaller than what one read of a Blob is worth.
 */
const CHUNK_SIZE_BYTES: number = 16 * 1024;
const CHUNK_OVERHEAD_BYTES: number = NONCE_SIZE_BYTES + TAG_SIZE_BYTES;
const SEALED_CHUNK_BYTES: number = CHUNK_SIZE_BYTES + CHUNK_OVERHEAD_BYTES;

const PART_HEADER_BYTES = 16;
const PART_OVERHEAD_BYTES: number = PART_HEADER_BYTES + CHUNK_OVERHEAD_BYTES;

/** Encrypts and decrypts the records of one database. */
export class RecordCipher {
  /** Name of the database, for messages. */
  readonly #name: string;
  readonly #databaseId: string;
  readonly #dataKey: Uint8Array;
  readonly #key: SubtleKey;

  private constructor(name: string, databaseId: string, dataKey: Uint8Array, key: SubtleKey) {
    this.#name = name;
    this.#databaseId = databaseId;
    this.#dataKey = dataKey;
    this.#key = key;
  }

  /** @param dataKey - its 32 bytes; not copied */
  static async of(name: string, databaseId: string, dataKey: Uint8Array<ArrayBuffer>): Promise<RecordCipher> {
    if (dataKey.length !== KEY_SIZE_BYTES) throw new Error(`a data key of ${dataKey.length} bytes`);
    const key = await webCrypto().importKey('raw', dataKey, 'AES-GCM', false, ['encrypt', 'decrypt']);
    return new RecordCipher(name, databaseId, dataKey, key);
  }

  /** Number of bytes that encryption adds to a part of a commit. */
  get partOverheadBytes(): number {
    return PART_OVERHEAD_BYTES;
  }

  /** Encrypts the changes of one transaction, before it begins: IndexedDB ends a transaction that waits for something else. */
  async sealChanges(changes: StoreChanges): Promise<StoreChanges> {
    const { commit, extents, meta } = changes;
    const sealedExtents: NewExtent[] = [];
    for (const extent of extents ?? []) sealedExtents.push(await this.sealExtent(await loadedExtent(extent)));
    return {
      ...changes,
      ...(commit && {
        commit: { version: commit.version, parts: await this.#sealCommit(commit.version, commit.parts) },
      }),
      ...(extents && { extents: sealedExtents }),
      ...(meta && { meta: this.sealMeta(meta) }),
    };
  }

  /** Adds the tag without which a meta record is refused. */
  sealMeta(meta: StoreMeta): StoreMeta {
    const nonce = randomNonces(1);
    const tag = gcm(this.#dataKey, nonce, this.#metaPlace(meta)).encrypt(new Uint8Array(0));
    return { ...meta, seal: joined(nonce, tag) };
  }

  /** @throws {VfsError} `CORRUPT` for a meta record that was changed */
  assertMeta(meta: StoreMeta): void {
    const seal = meta.seal instanceof Uint8Array ? meta.seal : new Uint8Array(0);
    try {
      const nonce = seal.subarray(0, NONCE_SIZE_BYTES);
      gcm(this.#dataKey, nonce, this.#metaPlace(meta)).decrypt(seal.subarray(NONCE_SIZE_BYTES));
    } catch {
      throw this.#damaged('the meta record');
    }
  }

  /**
   * Refuses an earlier meta record that was put back beside what was stored after it. Its file would be later extents with
   * earlier commits, a state that never was.
   * @param extents - read by the same transaction
   * @param hasLaterCommit - true when the commit after the latest one of the meta record is stored
   * @throws {VfsError} `CORRUPT`
   */
  assertLatest({ version }: StoreMeta, extents: readonly Extent[], hasLaterCommit: boolean = false): void {
    const isEarlier = hasLaterCommit || extents.some((extent) => !(extent.version <= version));
    if (isEarlier) throw this.#damaged('the meta record');
  }

  /**
   * Decrypts the parts of the commits that follow each other up to a version.
   * @param after - the version before the first
   * @throws {VfsError} `CORRUPT` for a part that was changed, moved or removed
   */
  async openCommits(parts: readonly ArrayBuffer[], after: number, version: number): Promise<ArrayBuffer[]> {
    let expectedVersion = after + 1;
    let expectedPart = 0;
    for (const part of parts) {
      const header = this.#headerOf(part, expectedVersion);
      if (header.version !== expectedVersion || header.part !== expectedPart) {
        throw this.#damaged(`the record of commit ${expectedVersion}`);
      }
      expectedPart++;
      if (expectedPart < header.partCount) continue;
      expectedVersion++;
      expectedPart = 0;
    }
    if (expectedVersion !== version + 1 || expectedPart !== 0) {
      throw this.#damaged(`the record of commit ${expectedVersion}`);
    }
    return Promise.all(parts.map((part) => this.#openPart(part)));
  }

  /**
   * Decrypts the first part of a commit.
   * @throws {VfsError} `CORRUPT`
   */
  async openFirstPart(part: ArrayBuffer, version: number): Promise<ArrayBuffer> {
    const header = this.#headerOf(part, version);
    if (header.version !== version || header.part !== 0) {
      throw this.#damaged(`the record of commit ${version}`);
    }
    return this.#openPart(part);
  }

  /**
   * Makes a stored extent readable. One whose ciphertext is in memory is decrypted at once.
   * @throws {VfsError} `CORRUPT` when it was changed
   */
  async openExtent({ extentIndex, version, content }: Extent): Promise<Extent> {
    const encrypted = new EncryptedContent(this, { extentIndex, version, content });
    if (!content.inMemory) return { extentIndex, version, content: encrypted };
    const bytes = await encrypted.load(0, encrypted.sizeBytes);
    return { extentIndex, version, content: new BytesInMemory(bytes) };
  }

  /**
   * Encrypts an extent, and decrypts it again to compare.
   * @throws Error when it is not the same
   */
  async sealVerified(extent: LoadedExtent): Promise<NewExtent> {
    const sealed = await this.sealExtent(extent);
    const content = new BytesInMemory(joinParts(sealed));
    const opened = await this.openExtent({ ...extent, content });
    const bytes = opened.content.read(0, opened.content.sizeBytes);
    const isSame =
      bytes.length === extent.bytes.length && bytes.every((byte, at) => byte === extent.bytes[at]);
    if (!isSame) throw new Error(`extent ${extent.extentIndex} was not encrypted as it is`);
    return sealed;
  }

  /** Decrypts a chunk of an extent. @throws {VfsError} `CORRUPT` */
  openChunk(sealed: Uint8Array, place: ChunkPlace): Uint8Array {
    const nonce = sealed.subarray(0, NONCE_SIZE_BYTES);
    try {
      return gcm(this.#dataKey, nonce, this.#chunkPlace(place)).decrypt(sealed.subarray(NONCE_SIZE_BYTES));
    } catch {
      throw this.damagedExtent(place.extentIndex);
    }
  }

  /** Decrypts a chunk of an extent by WebCrypto. @throws {VfsError} `CORRUPT` */
  async loadChunk(sealed: Uint8Array<ArrayBuffer>, place: ChunkPlace): Promise<Uint8Array> {
    const params = gcmParameters(sealed.subarray(0, NONCE_SIZE_BYTES), this.#chunkPlace(place));
    try {
      return new Uint8Array(await webCrypto().decrypt(params, this.#key, sealed.subarray(NONCE_SIZE_BYTES)));
    } catch {
      throw this.damagedExtent(place.extentIndex);
    }
  }

  damagedExtent(extentIndex: number): VfsError {
    return this.#damaged(`extent ${extentIndex}`);
  }

  async #sealCommit(version: number, parts: readonly ArrayBuffer[]): Promise<ArrayBuffer[]> {
    return Promise.all(
      parts.map(async (bytes, part) => {
        const header: PartHeader = { version, part, partCount: parts.length };
        const nonce = randomNonces(1);
        const sealed = await webCrypto().encrypt(
          gcmParameters(nonce, this.#partPlace(header)),
          this.#key,
          bytes,
        );
        const record = new Uint8Array(PART_HEADER_BYTES + NONCE_SIZE_BYTES + sealed.byteLength);
        const view = new DataView(record.buffer);
        view.setFloat64(0, version, true);
        view.setUint32(8, part, true);
        view.setUint32(12, parts.length, true);
        record.set(nonce, PART_HEADER_BYTES);
        record.set(new Uint8Array(sealed), PART_HEADER_BYTES + NONCE_SIZE_BYTES);
        return record.buffer;
      }),
    );
  }

  async #openPart(record: ArrayBuffer): Promise<ArrayBuffer> {
    const header = this.#headerOf(record, 0);
    const nonce = new Uint8Array(record, PART_HEADER_BYTES, NONCE_SIZE_BYTES);
    const sealed = new Uint8Array(record, PART_HEADER_BYTES + NONCE_SIZE_BYTES);
    try {
      return await webCrypto().decrypt(gcmParameters(nonce, this.#partPlace(header)), this.#key, sealed);
    } catch {
      throw this.#damaged(`the record of commit ${header.version}`);
    }
  }

  #headerOf(record: ArrayBuffer, expectedVersion: number): PartHeader {
    if (!(record instanceof ArrayBuffer) || record.byteLength < PART_OVERHEAD_BYTES) {
      throw this.#damaged(`the record of commit ${expectedVersion}`);
    }
    const view = new DataView(record);
    return {
      version: view.getFloat64(0, true),
      part: view.getUint32(8, true),
      partCount: view.getUint32(12, true),
    };
  }

  /** Encrypts an extent. */
  async sealExtent({ extentIndex, version, bytes }: LoadedExtent): Promise<NewExtent> {
    const chunkCount = Math.ceil(bytes.length / CHUNK_SIZE_BYTES);
    const sealed = new Uint8Array(bytes.length + chunkCount * CHUNK_OVERHEAD_BYTES);
    const nonces = randomNonces(chunkCount);
    const sealChunk = async (chunkIndex: number): Promise<void> => {
      const nonce = nonces.subarray(chunkIndex * NONCE_SIZE_BYTES, (chunkIndex + 1) * NONCE_SIZE_BYTES);
      const place = this.#chunkPlace({ extentIndex, version, chunkIndex, sizeBytes: bytes.length });
      const start = chunkIndex * CHUNK_SIZE_BYTES;
      const chunk = bytes.subarray(start, start + CHUNK_SIZE_BYTES);
      const ciphertext = await webCrypto().encrypt(gcmParameters(nonce, place), this.#key, chunk);
      sealed.set(nonce, chunkIndex * SEALED_CHUNK_BYTES);
      sealed.set(new Uint8Array(ciphertext), chunkIndex * SEALED_CHUNK_BYTES + NONCE_SIZE_BYTES);
    };
    await Promise.all(Array.from({ length: chunkCount }, (_, chunkIndex) => sealChunk(chunkIndex)));
    return { extentIndex, version, parts: [sealed] };
  }

  #chunkPlace({ extentIndex, version, chunkIndex, sizeBytes }: ChunkPlace): Uint8Array<ArrayBuffer> {
    return this.#place('extent', extentIndex, version, chunkIndex, sizeBytes);
  }

  #partPlace({ version, part, partCount }: PartHeader): Uint8Array<ArrayBuffer> {
    return this.#place('commit', version, part, partCount);
  }

  /** Every field but the encrypted data key, which has a tag of its own and is replaced with the user's key. */
  #metaPlace(meta: StoreMeta): Uint8Array<ArrayBuffer> {
    const { format, extentFormat, version, sizeBytes, checkpointedVersion, uncheckpointedBytes } = meta;
    return this.#place(
      'meta',
      format,
      extentFormat,
      version,
      sizeBytes,
      checkpointedVersion,
      uncheckpointedBytes,
      meta.lastCommitId,
    );
  }

  #place(...place: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(JSON.stringify([this.#databaseId, ...place]));
  }

  #damaged(record: string): VfsError {
    return new VfsError('CORRUPT', `${record} of ${this.#name} is damaged or was replaced`, {
      hint: 'Restore a backup. The stored data was left untouched.',
    });
  }
}

/** The place of a part of a commit. */
interface PartHeader {
  readonly version: number;
  readonly part: number;
  readonly partCount: number;
}

/** The place of a chunk. */
interface ChunkPlace {
  readonly extentIndex: number;
  readonly version: number;
  readonly chunkIndex: number;
  /** Size of the extent, so that one that was cut off at a chunk is noticed. */
  readonly sizeBytes: number;
}

/** The content of an encrypted extent. Each chunk that a read touches is decrypted. */
class EncryptedContent implements ExtentContent {
  readonly inMemory = false;
  readonly readCost = 'bytes';
  readonly sizeBytes: number;
  readonly #cipher: RecordCipher;
  readonly #sealed: Extent;

  constructor(cipher: RecordCipher, sealed: Extent) {
    const sealedBytes = sealed.content.sizeBytes;
    this.sizeBytes = sealedBytes - Math.ceil(sealedBytes / SEALED_CHUNK_BYTES) * CHUNK_OVERHEAD_BYTES;
    // The last chunk would have no content, or less than none.
    if (sealedBytes % SEALED_CHUNK_BYTES <= CHUNK_OVERHEAD_BYTES && sealedBytes % SEALED_CHUNK_BYTES !== 0) {
      throw cipher.damagedExtent(sealed.extentIndex);
    }
    this.#cipher = cipher;
    this.#sealed = sealed;
  }

  read(start: number, end: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    for (const { sealed, place } of this.#chunks(start, end)) {
      copyWithin(bytes, start, this.#cipher.openChunk(sealed, place), place);
    }
    return bytes;
  }

  /** Reads bytes as {@link read} does, and decrypts them by WebCrypto. */
  async load(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    await Promise.all(
      this.#chunks(start, end).map(async ({ sealed, place }) => {
        copyWithin(bytes, start, await this.#cipher.loadChunk(sealed, place), place);
      }),
    );
    return bytes;
  }

  #chunks(start: number, end: number): { sealed: Uint8Array<ArrayBuffer>; place: ChunkPlace }[] {
    const { extentIndex, version, content } = this.#sealed;
    const first = Math.floor(start / CHUNK_SIZE_BYTES);
    const last = Math.ceil(end / CHUNK_SIZE_BYTES);
    const sealedEnd = Math.min(last * SEALED_CHUNK_BYTES, content.sizeBytes);
    const run = content.read(first * SEALED_CHUNK_BYTES, sealedEnd);
    return Array.from({ length: last - first }, (_, index) => ({
      sealed: run.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES),
      place: { extentIndex, version, chunkIndex: first + index, sizeBytes: this.sizeBytes },
    }));
  }
}

/** Copies the part of a chunk that belongs to a read from `start` on. */
function copyWithin(target: Uint8Array, start: number, chunk: Uint8Array, { chunkIndex }: ChunkPlace): void {
  const chunkStart = chunkIndex * CHUNK_SIZE_BYTES;
  const from = Math.max(start - chunkStart, 0);
  const to = Math.min(start + target.length - chunkStart, chunk.length);
  target.set(chunk.subarray(from, to), chunkStart + from - start);
}

/** An extent to store, in memory. */
interface LoadedExtent {
  readonly extentIndex: number;
  readonly version: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads the parts of an extent to store. Slices of encrypted extents are decrypted by WebCrypto. */
export async function loadedExtent(extent: NewExtent): Promise<LoadedExtent> {
  const bytes = new Uint8Array(sizeOf(extent));
  let at = 0;
  for (const part of extent.parts) {
    const piece = part instanceof Uint8Array ? part : await loadSlice(part.content, part.start, part.end);
    bytes.set(piece, at);
    at += piece.length;
  }
  return { extentIndex: extent.extentIndex, version: extent.version, bytes };
}

function loadSlice(
  content: ExtentContent,
  start: number,
  end: number,
): Uint8Array | Promise<Uint8Array<ArrayBuffer>> {
  return content instanceof EncryptedContent ? content.load(start, end) : content.read(start, end);
}

function randomNonces(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count * NONCE_SIZE_BYTES));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

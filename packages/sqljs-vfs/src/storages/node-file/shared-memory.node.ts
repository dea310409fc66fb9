/**
 * The shared memory of programs that have a database in WAL mode open: the file `-shm`
 * (https://www.sqlite.org/walformat.html#walidxfmt). It is read and locked here as a reader does, and never written.
 */
import { constants } from 'node:fs';
import { endianness } from 'node:os';
import type { RangeLocks } from '../../locks/byte-range-lock.ts';
import type { FileSystem } from './file-system.node.ts';
import type { PublishedEnd } from './log-index.ts';

const { O_RDONLY, O_RDWR } = constants;
const O_NOFOLLOW: number = constants.O_NOFOLLOW ?? 0;

/** The header is there twice, one copy behind the other; a reader that finds them different has met a writer. */
const HEADER_BYTES = 48;
const Field = {
  version: 0,
  changes: 8,
  isInitialized: 12,
  frameCount: 16,
  checksum: 24,
  salts: 32,
  ownChecksum: 40,
} as const;
const VERSION = 3_007_000;

/** Offsets of the locks. Those of readers are numbered; number 0 is of readers that need no log. */
const FIRST_READER_BYTE = 123;
const LAST_READER_BYTE = 127;
/** Every program that has the file open holds a read lock on this byte. */
const CONNECTED_BYTE = 128;

/** The shared memory of one database, open for the time of a transaction. */
export class SharedMemory {
  readonly #fs: FileSystem;
  readonly #fd: number;
  readonly #ranges: RangeLocks;
  /** True when another program is connected, so that the header is not one that a crash has left. */
  readonly isLive: boolean;

  /** @returns undefined where the file does not exist: then no program has the database open in WAL mode */
  static open(fs: FileSystem, path: string, ranges: RangeLocks): SharedMemory | undefined {
    for (const access of [O_RDWR, O_RDONLY]) {
      try {
        const fd = fs.openSync(path, access | O_NOFOLLOW);
        return new SharedMemory(fs, fd, ranges, access === O_RDWR);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        if (access === O_RDONLY || (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM')) throw error;
      }
    }
    return undefined;
  }

  private constructor(fs: FileSystem, fd: number, ranges: RangeLocks, mayLockForWriting: boolean) {
    this.#fs = fs;
    this.#fd = fd;
    this.#ranges = ranges;
    this.isLive = !mayLockForWriting || !this.#isLeftOver();
  }

  /** SQLite tries the same lock when it connects, and tries again when another program holds it at that instant. */
  #isLeftOver(): boolean {
    if (!this.#ranges.tryExclusive(this.#fd, CONNECTED_BYTE, 1)) return false;
    this.#ranges.unlock(this.#fd, CONNECTED_BYTE, 1);
    return true;
  }

  /**
   * Keeps other programs from writing pages into the database and from starting the log anew, until `close`. They go on
   * committing to the log. Number 0 keeps checkpoints out, and any other number a new start.
   * @returns false while a checkpoint is running
   */
  lock(): boolean {
    return [FIRST_READER_BYTE, LAST_READER_BYTE].every((offset) =>
      this.#ranges.tryShared(this.#fd, offset, 1),
    );
  }

  /** @returns undefined while a writer is changing the header, or before one has made it */
  read(): (PublishedEnd & { readonly identity: string }) | undefined {
    const bytes = new Uint8Array(2 * HEADER_BYTES);
    if (this.#fs.readSync(this.#fd, bytes, 0, bytes.length, 0) < bytes.length) return undefined;
    const header = bytes.subarray(0, HEADER_BYTES);
    const copy = bytes.subarray(HEADER_BYTES);
    const view = new DataView(bytes.buffer);
    // Shared memory is in the byte order of the machine.
    const word = (offset: number): number => view.getUint32(offset, endianness() === 'LE');
    const isWhole = header.every((byte, index) => byte === copy[index]);
    if (!isWhole || header[Field.isInitialized] !== 1 || word(Field.version) !== VERSION) return undefined;
    let [first, second] = [0, 0];
    for (let offset = 0; offset < Field.ownChecksum; offset += 8) {
      first = (first + word(offset) + second) >>> 0;
      second = (second + word(offset + 4) + first) >>> 0;
    }
    if (word(Field.ownChecksum) !== first || word(Field.ownChecksum + 4) !== second) return undefined;
    return {
      frameCount: word(Field.frameCount),
      checksum: [word(Field.checksum), word(Field.checksum + 4)],
      salts: header.slice(Field.salts, Field.ownChecksum),
      identity: `${word(Field.changes)} ${header.subarray(Field.frameCount).join()}`,
    };
  }

  /** Gives its locks back as well, which belong to the open file. */
  close(): void {
    try {
      this.#ranges.unlock(this.#fd, 0, 0);
    } finally {
      this.#fs.closeSync(this.#fd);
    }
  }
}

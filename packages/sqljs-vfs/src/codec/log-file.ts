/**
 * The write-ahead log of an encrypted database (https://www.sqlite.org/fileformat.html#walformat). Pages in it are
 * encrypted as in the database, and, as in SQLCipher, the checksums of its frames are of encrypted pages. Each checksum
 * goes on from that of the frame before. SQLite knows those of plain pages only: what it writes is replaced, and when it
 * reads the log after a crash, it is shown the plain ones for as long as the stored ones are right.
 */
import type { StorageFile } from '../contract/storage.ts';
import { wrapFile } from '../contract/wrap-storage.ts';
import type { DatabaseCipher } from './database-cipher.ts';
import { damagedPage } from './main-file.ts';
import { PAGE_SIZE_BYTES } from './page-format.ts';

const LOG_HEADER_BYTES = 32;
const LOG_CHECKSUM_OFFSET = 24;
const FRAME_HEADER_BYTES = 24;
const FRAME_CHECKSUM_OFFSET = 16;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_SIZE_BYTES;
/** The bytes of a frame's header that its checksum is of. */
const SUMMED_HEADER_BYTES = 8;
/** The lowest bit of the magic number tells the byte order of the words that are summed. */
const BIG_ENDIAN_MAGIC = 0x377f0683;

/** The two words of a checksum. */
type Checksum = readonly [number, number];

/** Where reading the log after a crash has come to. It ends with the first write. */
interface Recovery {
  readonly offset: number;
  readonly stored: Checksum;
  readonly shown: Checksum;
}

/** Shows the encrypted write-ahead log of a database as the plain one that SQLite knows. */
export class LogFile {
  readonly #stored: StorageFile;
  readonly #cipher: DatabaseCipher;
  readonly #name: string;
  readonly #frame: Uint8Array = new Uint8Array(FRAME_BYTES);
  #recovery: Recovery | undefined;
  /** The header that SQLite wrote last; its page follows. */
  #frameHeader: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  /** The frame that SQLite read whole just now: it does so to write its checksum again. */
  #readFrameOffset: number | undefined;
  /** The checksum of the frame last written, and the offset behind it. */
  #lastWritten: { readonly offset: number; readonly checksum: Checksum } | undefined;

  constructor(stored: StorageFile, cipher: DatabaseCipher, name: string) {
    this.#stored = stored;
    this.#cipher = cipher;
    this.#name = name;
  }

  asFile(): StorageFile {
    return wrapFile(this.#stored, {
      read: (target, offset) => this.#read(target, offset),
      write: (source, offset) => this.#write(source, offset),
      truncate: (sizeBytes) => {
        this.#lastWritten = undefined;
        this.#stored.truncate(sizeBytes);
      },
    });
  }

  #write(source: Uint8Array, offset: number): void {
    // What is read from now on is no longer what a crash left: a new frame may begin where that ended.
    this.#recovery = undefined;
    const inFrame = (offset - LOG_HEADER_BYTES) % FRAME_BYTES;
    if (offset < LOG_HEADER_BYTES) {
      this.#lastWritten = undefined;
      this.#stored.write(source, offset);
    } else if (source.length === FRAME_HEADER_BYTES && inFrame === 0) {
      this.#frameHeader = { offset, bytes: source.slice() };
      if (this.#readFrameOffset === offset) this.#writeChecksumAgain(source, offset);
    } else if (source.length === PAGE_SIZE_BYTES && inFrame === FRAME_HEADER_BYTES) {
      this.#writePage(source, offset - FRAME_HEADER_BYTES);
    } else {
      throw new RangeError(`an encrypted log has frames of ${FRAME_BYTES} bytes`);
    }
    this.#readFrameOffset = undefined;
  }

  /** Writes a page with the header that came before it, or in the place of a page of the same transaction. */
  #writePage(source: Uint8Array, offset: number): void {
    const frame = this.#frame;
    const header = this.#frameHeader?.offset === offset ? this.#frameHeader.bytes : undefined;
    this.#frameHeader = undefined;
    if (!header) {
      // SQLite writes the checksums from here on again before the transaction ends.
      this.#stored.read(frame.subarray(0, FRAME_HEADER_BYTES), offset);
      this.#lastWritten = undefined;
    } else {
      frame.set(header);
    }
    const page = frame.subarray(FRAME_HEADER_BYTES);
    this.#cipher.pages.seal(viewOf(frame).getUint32(0), source, page);
    if (!header) return this.#stored.write(page, offset + FRAME_HEADER_BYTES);
    this.#putChecksum(frame, offset);
    this.#stored.write(frame, offset);
  }

  #writeChecksumAgain(header: Uint8Array, offset: number): void {
    const frame = this.#frame;
    if (this.#stored.read(frame, offset) < FRAME_BYTES) return;
    frame.set(header);
    this.#putChecksum(frame, offset);
    this.#stored.write(frame.subarray(0, FRAME_HEADER_BYTES), offset);
  }

  #putChecksum(frame: Uint8Array, offset: number): void {
    const checksum = sumFrame(
      frame,
      frame.subarray(FRAME_HEADER_BYTES),
      this.#checksumBefore(offset),
      this.#isBigEndian(),
    );
    setChecksum(frame, checksum);
    this.#lastWritten = { offset: offset + FRAME_BYTES, checksum };
  }

  #checksumBefore(offset: number): Checksum {
    if (this.#lastWritten?.offset === offset) return this.#lastWritten.checksum;
    const words = new Uint8Array(8);
    const place =
      offset === LOG_HEADER_BYTES ? LOG_CHECKSUM_OFFSET : offset - FRAME_BYTES + FRAME_CHECKSUM_OFFSET;
    this.#stored.read(words, place);
    return [viewOf(words).getUint32(0), viewOf(words).getUint32(4)];
  }

  #isBigEndian(): boolean {
    const magic = new Uint8Array(4);
    this.#stored.read(magic, 0);
    return viewOf(magic).getUint32(0) === BIG_ENDIAN_MAGIC;
  }

  #read(target: Uint8Array, offset: number): number {
    this.#readFrameOffset = undefined;
    const inFrame = (offset - LOG_HEADER_BYTES) % FRAME_BYTES;
    if (target.length === PAGE_SIZE_BYTES && inFrame === FRAME_HEADER_BYTES) {
      return this.#readPage(target, offset - FRAME_HEADER_BYTES);
    }
    if (target.length === FRAME_BYTES && inFrame === 0) return this.#readFrame(target, offset);
    const sizeBytes = this.#stored.read(target, offset);
    if (offset === 0 && sizeBytes === LOG_HEADER_BYTES) {
      const view = viewOf(target);
      const checksum: Checksum = [
        view.getUint32(LOG_CHECKSUM_OFFSET),
        view.getUint32(LOG_CHECKSUM_OFFSET + 4),
      ];
      this.#recovery = { offset: LOG_HEADER_BYTES, stored: checksum, shown: checksum };
    }
    return sizeBytes;
  }

  #readPage(target: Uint8Array, offset: number): number {
    const frame = this.#frame;
    const sizeBytes = this.#stored.read(frame, offset);
    if (sizeBytes < FRAME_BYTES) return Math.max(0, sizeBytes - FRAME_HEADER_BYTES);
    this.#open(frame, target);
    return PAGE_SIZE_BYTES;
  }

  /** @throws VfsError `CORRUPT` */
  #open(frame: Uint8Array, target: Uint8Array): void {
    const pageNumber = viewOf(frame).getUint32(0);
    const page = frame.subarray(FRAME_HEADER_BYTES);
    const { pages } = this.#cipher;
    if (!pages.isAuthentic(pageNumber, page)) throw damagedPage(this.#name, pageNumber, ' in the log');
    pages.open(pageNumber, page, target);
  }

  /** Reads a frame with its header: after a crash all of them in order, and else to write its checksum again. */
  #readFrame(target: Uint8Array, offset: number): number {
    const frame = this.#frame;
    const sizeBytes = this.#stored.read(frame, offset);
    target.set(frame);
    if (sizeBytes < FRAME_BYTES) return sizeBytes;
    const recovery = this.#recovery?.offset === offset ? this.#recovery : undefined;
    this.#recovery = undefined;
    const page = target.subarray(FRAME_HEADER_BYTES);
    if (!recovery) {
      this.#open(frame, page);
      this.#readFrameOffset = offset;
      return sizeBytes;
    }
    const isBigEndian = this.#isBigEndian();
    const stored: Checksum = [
      viewOf(frame).getUint32(FRAME_CHECKSUM_OFFSET),
      viewOf(frame).getUint32(FRAME_CHECKSUM_OFFSET + 4),
    ];
    const encryptedSum = sumFrame(frame, frame.subarray(FRAME_HEADER_BYTES), recovery.stored, isBigEndian);
    const isEncryptedSum = isSame(stored, encryptedSum);
    const pageNumber = viewOf(frame).getUint32(0);
    const isAuthentic =
      pageNumber > 0 && this.#cipher.pages.isAuthentic(pageNumber, frame.subarray(FRAME_HEADER_BYTES));
    if (!isAuthentic && isEncryptedSum) throw damagedPage(this.#name, pageNumber, ' in the log');
    if (isAuthentic) this.#open(frame, page);
    const isPlainSum = (): boolean => isSame(stored, sumFrame(frame, page, recovery.stored, isBigEndian));
    const shown = sumFrame(frame, page, recovery.shown, isBigEndian);
    // SQLite3MultipleCiphers stores checksums of plain pages.
    if (isAuthentic && (isEncryptedSum || isPlainSum())) {
      setChecksum(target, shown);
      this.#recovery = { offset: offset + FRAME_BYTES, stored, shown };
    } else {
      setChecksum(target, [~shown[0] >>> 0, shown[1]]);
    }
    return sizeBytes;
  }
}

/** Looks for a frame in a log that this cipher has encrypted. */
export function hasAuthenticFrame(log: StorageFile, cipher: DatabaseCipher): boolean {
  const frame = new Uint8Array(FRAME_BYTES);
  if (log.read(frame, LOG_HEADER_BYTES) < FRAME_BYTES) return false;
  return cipher.pages.isAuthentic(viewOf(frame).getUint32(0), frame.subarray(FRAME_HEADER_BYTES));
}

/** Sums a frame as SQLite does ("Checksum Algorithm" in the file format). */
function sumFrame(header: Uint8Array, page: Uint8Array, before: Checksum, isBigEndian: boolean): Checksum {
  let [first, second] = before;
  const add = (bytes: Uint8Array, sizeBytes: number): void => {
    const view = viewOf(bytes);
    for (let offset = 0; offset < sizeBytes; offset += 8) {
      first = (first + view.getUint32(offset, !isBigEndian) + second) >>> 0;
      second = (second + view.getUint32(offset + 4, !isBigEndian) + first) >>> 0;
    }
  };
  add(header, SUMMED_HEADER_BYTES);
  add(page, PAGE_SIZE_BYTES);
  return [first, second];
}

function setChecksum(frame: Uint8Array, checksum: Checksum): void {
  viewOf(frame).setUint32(FRAME_CHECKSUM_OFFSET, checksum[0]);
  viewOf(frame).setUint32(FRAME_CHECKSUM_OFFSET + 4, checksum[1]);
}

function isSame(some: Checksum, other: Checksum): boolean {
  return some[0] === other[0] && some[1] === other[1];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

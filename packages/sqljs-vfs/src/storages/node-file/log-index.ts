/**
 * Finds pages in the write-ahead log of another program (https://www.sqlite.org/fileformat.html#walformat). A frame counts
 * when its salts are those of the log's header, its checksum goes on from that of the frame before, and a commit follows.
 */
import { systemError } from '../../contract/system-error.ts';

const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The bytes of the log's header, and of a frame's, that their checksums are of. */
const SUMMED_LOG_HEADER_BYTES = 24;
const SUMMED_FRAME_HEADER_BYTES = 8;
const LogField = { magic: 0, version: 4, pageSize: 8, salts: 16, checksum: 24 } as const;
const FrameField = { page: 0, databasePages: 4, salts: 8, checksum: 16 } as const;
const SALTS_BYTES = 8;
/** The lowest bit of the magic number tells the byte order of the words that are summed. */
const MAGIC = 0x377f0682;
const VERSION = 3_007_000;
/** Size of one read while the log is looked through, in bytes. */
const CHUNK_BYTES = 1024 * 1024;

type Checksum = readonly [number, number];

/** Bytes of an open log. */
export interface LogBytes {
  /** Fills `target` with the bytes at `offset`. @returns the number of bytes read */
  read(target: Uint8Array, offset: number): number;
}

/** The end of the log that its writer has published to others. */
export interface PublishedEnd {
  readonly frameCount: number;
  /** Checksum of the last of these frames. */
  readonly checksum: Checksum;
  /** Salts of the log's header. */
  readonly salts: Uint8Array;
}

/** Where the newest committed version of each page is in a log. It keeps a page number and a frame number of each page. */
export class LogIndex {
  #header: Uint8Array = new Uint8Array(0);
  #pageSizeBytes = 0;
  #isBigEndian = false;
  /** Number of the frame by that of its page; frames count from 0, pages from 1. */
  readonly #frames: Map<number, number> = new Map();
  #frameCount = 0;
  #databasePages = 0;
  #checksum: Checksum = [0, 0];

  /** Size of the database in pages after the last commit in the log; 0 without any. */
  get databasePages(): number {
    return this.#databasePages;
  }

  /** Differs between two states of a log. */
  get identity(): string {
    return this.#frameCount === 0
      ? ''
      : `${this.#header.join()} ${this.#frameCount} ${this.#checksum.join()}`;
  }

  /** Returns where a page begins in the log, in bytes; undefined for a page that the log does not have. */
  offsetOf(page: number): number | undefined {
    const frame = this.#frames.get(page);
    return frame === undefined ? undefined : this.#offsetOfFrame(frame) + FRAME_HEADER_BYTES;
  }

  /**
   * Reads the commits that are new since the last call.
   * @param log - undefined where there is none
   * @param end - undefined where no program has the log open: every commit in it counts then
   * @throws an error with code `EIO` for a log without the frames up to its published end
   */
  refresh(log: LogBytes | undefined, end: PublishedEnd | undefined): void {
    const header = log && end?.frameCount !== 0 ? readHeader(log) : undefined;
    if (!log || !header) {
      this.#restart(undefined);
      if (end !== undefined && end.frameCount > 0) throw endsEarly();
      return;
    }
    if (end && !isSame(end.salts, header.subarray(LogField.salts, LogField.salts + SALTS_BYTES)))
      throw endsEarly();
    // A commit that its writer could not finish is overwritten by the next one.
    if (!isSame(header, this.#header) || (end && end.frameCount < this.#frameCount)) this.#restart(header);
    this.#readCommits(log, end?.frameCount ?? Infinity);
    if (!end || this.#endsAt(end)) return;
    this.#restart(header);
    this.#readCommits(log, end.frameCount);
    if (!this.#endsAt(end)) throw endsEarly();
  }

  #endsAt({ frameCount, checksum }: PublishedEnd): boolean {
    return (
      this.#frameCount === frameCount &&
      this.#checksum[0] === checksum[0] &&
      this.#checksum[1] === checksum[1]
    );
  }

  #restart(header: Uint8Array | undefined): void {
    this.#frames.clear();
    this.#frameCount = 0;
    this.#databasePages = 0;
    this.#header = header ?? new Uint8Array(0);
    if (!header) return;
    const view = viewOf(header);
    this.#pageSizeBytes = view.getUint32(LogField.pageSize);
    this.#isBigEndian = (view.getUint32(LogField.magic) & 1) === 1;
    this.#checksum = checksumAt(view, LogField.checksum);
  }

  get #frameBytes(): number {
    return FRAME_HEADER_BYTES + this.#pageSizeBytes;
  }

  #offsetOfFrame(frame: number): number {
    return LOG_HEADER_BYTES + frame * this.#frameBytes;
  }

  /** Reads on from the last commit, so that frames of an unfinished transaction are judged anew each time. */
  #readCommits(log: LogBytes, lastFrame: number): void {
    const frameBytes = this.#frameBytes;
    const chunk = new Uint8Array(Math.max(1, Math.floor(CHUNK_BYTES / frameBytes)) * frameBytes);
    let pending: number[] = [];
    let checksum = this.#checksum;
    for (let frame = this.#frameCount; frame < lastFrame;) {
      const read = Math.floor(log.read(chunk, this.#offsetOfFrame(frame)) / frameBytes);
      if (read === 0) return;
      for (let index = 0; index < read && frame < lastFrame; index++, frame++) {
        const bytes = chunk.subarray(index * frameBytes, (index + 1) * frameBytes);
        const sum = this.#checkedSum(bytes, checksum);
        if (!sum) return;
        checksum = sum;
        const view = viewOf(bytes);
        pending.push(view.getUint32(FrameField.page));
        const databasePages = view.getUint32(FrameField.databasePages);
        if (databasePages === 0) continue;
        for (const page of pending) this.#frames.set(page, this.#frameCount++);
        pending = [];
        this.#databasePages = databasePages;
        this.#checksum = checksum;
      }
    }
  }

  /** @returns the frame's checksum; undefined when the frame does not belong to this log */
  #checkedSum(frame: Uint8Array, before: Checksum): Checksum | undefined {
    const view = viewOf(frame);
    const salts = frame.subarray(FrameField.salts, FrameField.salts + SALTS_BYTES);
    if (!isSame(salts, this.#header.subarray(LogField.salts, LogField.salts + SALTS_BYTES))) return undefined;
    if (view.getUint32(FrameField.page) === 0) return undefined;
    const head = frame.subarray(0, SUMMED_FRAME_HEADER_BYTES);
    const page = frame.subarray(FRAME_HEADER_BYTES);
    const sum = sumOf(page, sumOf(head, before, this.#isBigEndian), this.#isBigEndian);
    const stored = checksumAt(view, FrameField.checksum);
    return sum[0] === stored[0] && sum[1] === stored[1] ? sum : undefined;
  }
}

/** @returns undefined for what is not the header of a log */
function readHeader(log: LogBytes): Uint8Array | undefined {
  const header = new Uint8Array(LOG_HEADER_BYTES);
  if (log.read(header, 0) < LOG_HEADER_BYTES) return undefined;
  const view = viewOf(header);
  const magic = view.getUint32(LogField.magic);
  const pageSize = view.getUint32(LogField.pageSize);
  const isPageSize = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  if ((magic & ~1) !== MAGIC || view.getUint32(LogField.version) !== VERSION || !isPageSize) return undefined;
  const sum = sumOf(header.subarray(0, SUMMED_LOG_HEADER_BYTES), [0, 0], (magic & 1) === 1);
  const stored = checksumAt(view, LogField.checksum);
  return sum[0] === stored[0] && sum[1] === stored[1] ? header : undefined;
}

/** Sums words as SQLite does ("Checksum Algorithm" in the file format). */
function sumOf(bytes: Uint8Array, before: Checksum, isBigEndian: boolean): Checksum {
  let [first, second] = before;
  const view = viewOf(bytes);
  for (let offset = 0; offset < bytes.length; offset += 8) {
    first = (first + view.getUint32(offset, !isBigEndian) + second) >>> 0;
    second = (second + view.getUint32(offset + 4, !isBigEndian) + first) >>> 0;
  }
  return [first, second];
}

function checksumAt(view: DataView, offset: number): Checksum {
  return [view.getUint32(offset), view.getUint32(offset + 4)];
}

function isSame(some: Uint8Array, other: Uint8Array): boolean {
  return some.length === other.length && some.every((byte, index) => byte === other[index]);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function endsEarly(): Error {
  return systemError('EIO', 'the write-ahead log ends before what its writer has committed');
}

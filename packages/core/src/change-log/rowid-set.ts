import type { Rowid } from '../tables/foreign-times.ts';
import type { RowidRange } from './rowid-ranges.ts';

/** Rowids of one chunk. */
const CHUNK_ROWIDS = 256;

/** A set of rowids. Dense ones, as SQLite gives them, take little more than a bit each. */
export class RowidSet {
  readonly #chunks: Map<Rowid, Uint8Array> = new Map();
  /** The chunk that was used last: rowids mostly follow each other. */
  #lastNumber: Rowid | undefined;
  #lastBits: Uint8Array | undefined;
  /** Number of rowids in the set. */
  size = 0;

  has(rowid: Rowid): boolean {
    const bits = this.#bitsAt(chunkOf(rowid));
    const index = indexOf(rowid);
    return bits !== undefined && (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  }

  add(rowid: Rowid): void {
    if (this.has(rowid)) return;
    const chunk = chunkOf(rowid);
    let bits = this.#bitsAt(chunk);
    if (bits === undefined) {
      bits = new Uint8Array(CHUNK_ROWIDS / 8);
      this.#chunks.set(chunk, bits);
      this.#lastBits = bits;
    }
    const index = indexOf(rowid);
    bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    this.size++;
  }

  delete(rowid: Rowid): void {
    if (!this.has(rowid)) return;
    const bits = this.#bitsAt(chunkOf(rowid)) as Uint8Array;
    const index = indexOf(rowid);
    bits[index >> 3] = (bits[index >> 3] ?? 0) & ~(1 << (index & 7));
    this.size--;
  }

  #bitsAt(chunk: Rowid): Uint8Array | undefined {
    if (chunk !== this.#lastNumber) {
      this.#lastNumber = chunk;
      this.#lastBits = this.#chunks.get(chunk);
    }
    return this.#lastBits;
  }
}

/** Counts the rowids of a run. */
export function sizeOf([first, last]: RowidRange): number {
  return Number(BigInt(last) - BigInt(first)) + 1;
}

/** Lists the rowids of a run. */
export function* rowidsOf([first, last]: RowidRange): Generator<Rowid> {
  for (let offset = 0, size = sizeOf([first, last]); offset < size; offset++) {
    yield typeof first === 'number' && Number.isSafeInteger(first + offset)
      ? first + offset
      : BigInt(first) + BigInt(offset);
  }
}

/** Returns the number of the chunk of a rowid. */
function chunkOf(rowid: Rowid): Rowid {
  return typeof rowid === 'bigint' ? rowid >> 8n : Math.floor(rowid / CHUNK_ROWIDS);
}

/** Returns the place of a rowid in its chunk. */
function indexOf(rowid: Rowid): number {
  return typeof rowid === 'bigint'
    ? Number(rowid & 255n)
    : rowid - Math.floor(rowid / CHUNK_ROWIDS) * CHUNK_ROWIDS;
}

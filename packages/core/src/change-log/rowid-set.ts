import type { Rowid } from '../tables/foreign-times.ts';
import type { RowidRange } from './rowid-ranges.ts';

/** Rowids of one chunk. */
const CHUNK_ROWIDS = 256;

/** A set of rowids. Dense ones, as SQLite gives them, take little more than a bit each. */
export class RowidSet {
  readonly #chunks: Map<Rowid, Uint8Array> = new Map();
  /** Number of rowids in the set. */
  size = 0;

  has(rowid: Rowid): boolean {
    const [chunk, index] = locate(rowid);
    return (((this.#chunks.get(chunk)?.[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  }

  add(rowid: Rowid): void {
    if (this.has(rowid)) return;
    const [chunk, index] = locate(rowid);
    let bits = this.#chunks.get(chunk);
    if (bits === undefined) {
      bits = new Uint8Array(CHUNK_ROWIDS / 8);
      this.#chunks.set(chunk, bits);
    }
    bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    this.size++;
  }

  delete(rowid: Rowid): void {
    if (!this.has(rowid)) return;
    const [chunk, index] = locate(rowid);
    const bits = this.#chunks.get(chunk) as Uint8Array;
    bits[index >> 3] = (bits[index >> 3] ?? 0) & ~(1 << (index & 7));
    this.size--;
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

/** Returns the number of the chunk of a rowid, and its place there. */
function locate(rowid: Rowid): [chunk: Rowid, index: number] {
  if (typeof rowid === 'bigint') return [rowid >> 8n, Number(rowid & 255n)];
  const chunk = Math.floor(rowid / CHUNK_ROWIDS);
  return [chunk, rowid - chunk * CHUNK_ROWIDS];
}

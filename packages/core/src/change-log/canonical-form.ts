/**
 * The bytes that stand for a row, and their hash. Every program that reads the same values makes the same bytes: the
 * name of the table, then each value in the order of the columns, each as a type, a length and its bytes. No value can
 * run into the next, so two different rows never have the same bytes. `docs/change-log.md` has the format and examples.
 */
import { Datatype, type RawRow } from '@ggen-sim/sqljs-vfs';
import { sha256Bytes } from '#hashing/sha256';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import { TextBytes } from '../tables/stored-bytes.ts';

/** The type and the length of a value: one byte, and four in big-endian order. */
const HEADER_BYTES = 5;

/** First byte of what a leaf of a Merkle tree hashes (RFC 6962, section 2.1). */
const LEAF_PREFIX = 0;

const encoder = new TextEncoder();

/** Texts up to this length are copied by a loop, which costs less than the call of an encoder. */
const SHORT_CHARACTERS = 40;

/** Reused by {@link leafOf} for each row that is not larger. */
const LEAF_BUFFER = new Uint8Array(64 * 1024);

/** Encodes a name and values, so that different ones never give the same bytes. */
export function canonicalForm(name: string, values: readonly SqlValue[]): Uint8Array {
  return encode(name, values, 0, new Uint8Array(capacityFor(name, values)));
}

/** Returns the hash of a row: SHA-256 of a zero byte and its canonical form, which is its leaf in a Merkle tree (RFC 6962). */
export function leafOf(name: string, values: readonly SqlValue[]): Uint8Array {
  const capacity = 1 + capacityFor(name, values);
  const bytes = encode(
    name,
    values,
    1,
    capacity <= LEAF_BUFFER.length ? LEAF_BUFFER : new Uint8Array(capacity),
  );
  bytes[0] = LEAF_PREFIX;
  return sha256Bytes(bytes);
}

/** Computes the hashes of {@link leafOf} from the bytes that SQLite has of rows, without making values of them. */
export class RawLeaves {
  /** Reused for each row: it has room for the largest so far. */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #view: DataView = new DataView(this.#bytes.buffer);

  /**
   * Returns the hash of a row of a database in UTF-8. In UTF-16 it is another one than {@link leafOf} gives.
   * @param first - number of the first column in the SELECT
   * @param count - number of columns
   */
  leafOf(name: string, row: RawRow, first: number, count: number): Uint8Array {
    this.#reserve(0, 1 + HEADER_BYTES + name.length * 3);
    this.#bytes[0] = LEAF_PREFIX;
    let position = writeValue(this.#bytes, this.#view, 1, name);
    for (let column = first; column < first + count; column++) position = this.#write(position, row, column);
    return sha256Bytes(this.#bytes.subarray(0, position));
  }

  /** Writes one value. @returns the position after it */
  #write(start: number, row: RawRow, column: number): number {
    const type = row.type(column);
    if (type === Datatype.TEXT || type === Datatype.BLOB) {
      const content = start + HEADER_BYTES;
      const length = row.copyTo(column, this.#bytes, content);
      if (content + length > this.#bytes.length) {
        this.#reserve(start, HEADER_BYTES + length);
        row.copyTo(column, this.#bytes, content);
      }
      this.#bytes[start] = type;
      this.#view.setUint32(start + 1, length);
      return content + length;
    }
    this.#reserve(start, HEADER_BYTES + 8);
    if (type === Datatype.NULL) return writeValue(this.#bytes, this.#view, start, null);
    const value = type === Datatype.INTEGER ? row.integer(column) : row.number(column);
    return writeValue(this.#bytes, this.#view, start, value);
  }

  #reserve(start: number, length: number): void {
    if (start + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(start + length, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, start));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** True for the stored hash of an entry that is the same as a computed one. */
export function isSameHash(stored: SqlValue, computed: Uint8Array): boolean {
  return stored instanceof Uint8Array && isSameBytes(stored, computed);
}

/** True for bytes that are the same. A loop costs a fraction of `every`, and each row takes one. */
export function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Returns a size that the form does not exceed. UTF-8 has at most three bytes for each UTF-16 code unit. */
function capacityFor(name: string, values: readonly SqlValue[]): number {
  let capacity = HEADER_BYTES + name.length * 3;
  for (let index = 0; index < values.length; index++)
    capacity += HEADER_BYTES + maxLengthOf(values[index] ?? null);
  return capacity;
}

/**
 * @param offset - bytes left free before the form
 * @param bytes - has room for the form
 * @returns the part of `bytes` with the form
 */
function encode(name: string, values: readonly SqlValue[], offset: number, bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer);
  let position = writeValue(bytes, view, offset, name);
  for (let index = 0; index < values.length; index++)
    position = writeValue(bytes, view, position, values[index] ?? null);
  return bytes.subarray(0, position);
}

function maxLengthOf(value: SqlValue): number {
  if (value === null) return 0;
  // Not its `length`: the optimizing compiler of Node 20 then read that of a text before it knew that the value was one.
  if (typeof value === 'object') return value.byteLength;
  return typeof value === 'string' ? value.length * 3 : 8;
}

/** Writes one value. @returns the position after it */
function writeValue(bytes: Uint8Array, view: DataView, start: number, value: SqlValue): number {
  const content = start + HEADER_BYTES;
  let type: number = Datatype.NULL;
  let length = 0;
  if (typeof value === 'string') {
    type = Datatype.TEXT;
    length = writeText(bytes, content, value);
  } else if (value instanceof Uint8Array) {
    type = value instanceof TextBytes ? Datatype.TEXT : Datatype.BLOB;
    ({ length } = value);
    bytes.set(value, content);
  } else if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    // JavaScript does not tell 5.0 from 5, so a number that is whole counts as an integer wherever it is exact.
    type = Datatype.INTEGER;
    length = 8;
    view.setBigInt64(content, BigInt(value ?? 0));
  } else if (value !== null) {
    type = Datatype.FLOAT;
    length = 8;
    view.setFloat64(content, value);
  }
  view.setUint8(start, type);
  view.setUint32(start + 1, length);
  return content + length;
}

/** Writes a text in UTF-8. @returns the number of bytes */
function writeText(bytes: Uint8Array, start: number, text: string): number {
  if (text.length <= SHORT_CHARACTERS) {
    let index = 0;
    for (; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) break;
      bytes[start + index] = code;
    }
    if (index === text.length) return index;
  }
  return encoder.encodeInto(text, bytes.subarray(start)).written;
}

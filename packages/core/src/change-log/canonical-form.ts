/**
 * The bytes that stand for a row, and their hash. Every program that reads the same values makes the same bytes: the
 * name of the table, then each value in the order of the columns, each as a type, a length and its bytes. No value can
 * run into the next, so two different rows never have the same bytes. `docs/change-log.md` has the format and examples.
 */
import { sha256Bytes } from '#hashing/sha256';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import { TextBytes } from '../tables/stored-bytes.ts';

/** Fundamental datatypes of SQLite (https://www.sqlite.org/c3ref/c_blob.html), which stand before each value. */
const Datatype = { INTEGER: 1, FLOAT: 2, TEXT: 3, BLOB: 4, NULL: 5 } as const;

/** The type and the length of a value: one byte, and four in big-endian order. */
const HEADER_BYTES = 5;

/** First byte of what a leaf of a Merkle tree hashes (RFC 6962, section 2.1). */
const LEAF_PREFIX = 0;

const encoder = new TextEncoder();

/** Encodes a name and values, so that different ones never give the same bytes. */
export function canonicalForm(name: string, values: readonly SqlValue[]): Uint8Array {
  return encode(name, values, 0);
}

/** Returns the hash of a row: SHA-256 of a zero byte and its canonical form, which is its leaf in a Merkle tree (RFC 6962). */
export function leafOf(name: string, values: readonly SqlValue[]): Uint8Array {
  const bytes = encode(name, values, 1);
  bytes[0] = LEAF_PREFIX;
  return sha256Bytes(bytes);
}

/** True for the stored hash of an entry that is the same as a computed one. */
export function isSameHash(stored: SqlValue, computed: Uint8Array): boolean {
  return (
    stored instanceof Uint8Array &&
    stored.length === computed.length &&
    computed.every((byte, index) => byte === stored[index])
  );
}

/** @param offset - bytes left free before the form */
function encode(name: string, values: readonly SqlValue[], offset: number): Uint8Array {
  // UTF-8 has at most three bytes for each UTF-16 code unit.
  let capacity = offset + HEADER_BYTES + name.length * 3;
  for (const value of values) capacity += HEADER_BYTES + maxLengthOf(value);
  const bytes = new Uint8Array(capacity);
  const view = new DataView(bytes.buffer);
  let position = writeValue(bytes, view, offset, name);
  for (const value of values) position = writeValue(bytes, view, position, value);
  return bytes.subarray(0, position);
}

function maxLengthOf(value: SqlValue): number {
  if (value === null) return 0;
  if (typeof value === 'string') return value.length * 3;
  return value instanceof Uint8Array ? value.length : 8;
}

/** Writes one value. @returns the position after it */
function writeValue(bytes: Uint8Array, view: DataView, start: number, value: SqlValue): number {
  const content = start + HEADER_BYTES;
  let type: number = Datatype.NULL;
  let length = 0;
  if (typeof value === 'string') {
    type = Datatype.TEXT;
    length = encoder.encodeInto(value, bytes.subarray(content)).written;
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

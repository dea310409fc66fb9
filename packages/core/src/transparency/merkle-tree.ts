/**
 * The Merkle tree of RFC 9162, section 2.1 (the one of RFC 6962). Leaves are hashes already: SHA-256 of a zero byte and the
 * content.
 */
import { sha256Bytes } from '#hashing/sha256';

/** First byte of what the hash of an inner node hashes. */
const NODE_PREFIX = 1;

/** Leaves from one number up to, but not including, another. */
export type LeafRange = readonly [start: number, end: number];

/** Computes the root of leaves that arrive one by one. It keeps one hash for each bit of their number. */
export class MerkleTree {
  /** Roots of the complete subtrees, the largest first. */
  readonly #roots: Uint8Array[];
  #size: number;

  /**
   * Goes on with a tree.
   * @param size - number of its leaves
   * @param roots - its {@link roots}, one for each bit that is set in the size
   */
  constructor(size = 0, roots: readonly Uint8Array[] = []) {
    this.#size = size;
    this.#roots = [...roots];
  }

  get size(): number {
    return this.#size;
  }

  /** Roots of the complete subtrees, the largest first: all that the tree needs to go on. */
  get roots(): readonly Uint8Array[] {
    return this.#roots;
  }

  append(leaf: Uint8Array): void {
    let root = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      root = nodeHash(this.#roots.pop() as Uint8Array, root);
    }
    this.#roots.push(root);
    this.#size++;
  }

  /** Returns the root of the leaves so far; the hash of nothing without any. */
  root(): Uint8Array {
    if (this.#size === 0) return sha256Bytes(new Uint8Array());
    return this.#roots.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** Returns the hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = NODE_PREFIX;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return sha256Bytes(bytes);
}

/** Lists the subtrees whose roots prove that a leaf is in a tree, the nearest first (section 2.1.3.1). */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + leftSize(end - start);
    if (index < middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([start, middle]);
      start = middle;
    }
  }
  return ranges.toReversed();
}

/**
 * Lists the subtrees whose roots prove that a tree begins with a smaller one, in the order of section 2.1.4.1.
 * @param smallerSize - at least 1
 */
export function consistencyRanges(smallerSize: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  // True while the smaller tree is a complete subtree, whose root the verifier knows.
  let isKnown = true;
  while (smallerSize < end) {
    const middle = start + leftSize(end - start);
    if (smallerSize <= middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([start, middle]);
      start = middle;
      isKnown = false;
    }
  }
  if (!isKnown) ranges.push([start, end]);
  return ranges.toReversed();
}

/** Computes the root of the tree that a leaf and its proof belong to; undefined when the proof has another length. */
export function rootFromInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  hashes: readonly Uint8Array[],
): Uint8Array | undefined {
  if (index >= size) return undefined;
  const ranges = inclusionRanges(index, size);
  if (ranges.length !== hashes.length) return undefined;
  return hashes.reduce(
    (root, hash, step) => ((ranges[step]?.[0] ?? 0) > index ? nodeHash(root, hash) : nodeHash(hash, root)),
    leaf,
  );
}

/**
 * Computes the roots of both trees of a proof of consistency (section 2.1.4.2); undefined when the proof has another length.
 * @param smallerRoot - root of the smaller tree, which a proof leaves out where it is a subtree of the larger one
 */
export function rootsFromConsistency(
  smallerSize: number,
  size: number,
  smallerRoot: Uint8Array,
  hashes: readonly Uint8Array[],
): { readonly smallerRoot: Uint8Array; readonly root: Uint8Array } | undefined {
  if (smallerSize < 1 || smallerSize > size) return undefined;
  const ranges = consistencyRanges(smallerSize, size);
  if (ranges.length !== hashes.length) return undefined;
  // The first subtree, of which both trees are made, ends where the smaller tree does.
  const isKnown = ranges[0]?.[1] !== smallerSize;
  const first = isKnown ? smallerRoot : (hashes[0] as Uint8Array);
  let [smaller, larger] = [first, first];
  for (const [step, hash] of hashes.entries()) {
    if (step === 0 && !isKnown) continue;
    const isRight = (ranges[step]?.[0] ?? 0) >= smallerSize;
    if (isRight) larger = nodeHash(larger, hash);
    else [smaller, larger] = [nodeHash(hash, smaller), nodeHash(hash, larger)];
  }
  return { smallerRoot: smaller, root: larger };
}

/** Returns the greatest power of two that is less than a size of two or more. */
function leftSize(size: number): number {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
}

/** The tree of RFC 9162, by its example, the test vectors of Certificate Transparency, and every proof of small trees. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { upTo } from '../../src/testing/persistence-case.ts';
import {
  consistencyRanges,
  inclusionRanges,
  MerkleTree,
  nodeHash,
  rootFromInclusion,
  rootsFromConsistency,
  type LeafRange,
} from '../../src/transparency/merkle-tree.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const leafHash = (content: Uint8Array): Uint8Array =>
  createHash('sha256').update(Uint8Array.of(0)).update(content).digest();

/** Inputs and roots that implementations of Certificate Transparency are tested with (github.com/transparency-dev/merkle). */
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((digits) => leafHash(Buffer.from(digits, 'hex')));

const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function treeOf(leaves: readonly Uint8Array[]): MerkleTree {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree;
}

/** The definition of section 2.1.1, as it stands there. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (leaves.length === 1 && first) return first;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return nodeHash(definedRoot(leaves.slice(0, left)), definedRoot(leaves.slice(left)));
}

const rootsOf = (leaves: readonly Uint8Array[], ranges: readonly LeafRange[]): Uint8Array[] =>
  ranges.map(([start, end]) => treeOf(leaves.slice(start, end)).root());

it('has the roots of the test vectors', () => {
  expect(upTo(9).map((size) => hex(treeOf(INPUTS.slice(0, size)).root()))).toEqual(ROOTS);
});

it('has the proofs of the example of RFC 9162, section 2.1.5', () => {
  // Leaves d0 to d6; a = d0 and so on, g = MTH(d0, d1), k = MTH(d0 … d3), and the others likewise.
  expect(inclusionRanges(0, 7)).toEqual([
    [1, 2],
    [2, 4],
    [4, 7],
  ]);
  expect(inclusionRanges(3, 7)).toEqual([
    [2, 3],
    [0, 2],
    [4, 7],
  ]);
  expect(inclusionRanges(4, 7)).toEqual([
    [5, 6],
    [6, 7],
    [0, 4],
  ]);
  expect(inclusionRanges(6, 7)).toEqual([
    [4, 6],
    [0, 4],
  ]);
  expect(consistencyRanges(3, 7)).toEqual([
    [2, 3],
    [3, 4],
    [0, 2],
    [4, 7],
  ]);
  expect(consistencyRanges(4, 7)).toEqual([[4, 7]]);
  expect(consistencyRanges(6, 7)).toEqual([
    [4, 6],
    [6, 7],
    [0, 4],
  ]);
});

describe('every tree of up to 40 leaves', () => {
  const leaves = upTo(40).map((n) => leafHash(Buffer.from(`leaf ${n}`)));
  const other = leafHash(Buffer.from('other'));

  it('has the root of the definition, and proofs of each leaf that no other leaf, place or size fits', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const own = leaves.slice(0, size);
      const root = hex(treeOf(own).root());
      expect(root).toBe(hex(definedRoot(own)));
      for (const [index, leaf] of own.entries()) {
        const hashes = rootsOf(own, inclusionRanges(index, size));
        const rootOf = (...parameters: Parameters<typeof rootFromInclusion>): string =>
          hex(rootFromInclusion(...parameters) ?? new Uint8Array());
        expect(rootOf(index, size, leaf, hashes)).toBe(root);
        expect(rootOf(index, size, other, hashes)).not.toBe(root);
        expect(rootOf(index, size, leaf, [...hashes, other])).not.toBe(root);
        for (const [step] of hashes.entries()) {
          expect(rootOf(index, size, leaf, hashes.with(step, other))).not.toBe(root);
        }
        if (index > 0) expect(rootOf(index - 1, size, leaf, hashes)).not.toBe(root);
        expect(rootOf(size, size, leaf, hashes)).not.toBe(root);
      }
    }
  });

  it('has proofs that it begins with each smaller one, which no other tree fits', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const own = leaves.slice(0, size);
      const root = treeOf(own).root();
      for (let smallerSize = 1; smallerSize <= size; smallerSize++) {
        const smallerRoot = treeOf(own.slice(0, smallerSize)).root();
        const hashes = rootsOf(own, consistencyRanges(smallerSize, size));
        expect(rootsFromConsistency(smallerSize, size, smallerRoot, hashes)).toEqual({ smallerRoot, root });
        expect(rootsFromConsistency(smallerSize, size, other, hashes)).not.toEqual({
          smallerRoot: other,
          root,
        });
        for (const [step] of hashes.entries()) {
          expect(rootsFromConsistency(smallerSize, size, smallerRoot, hashes.with(step, other))).not.toEqual({
            smallerRoot,
            root,
          });
        }
        expect(rootsFromConsistency(smallerSize, size, smallerRoot, [...hashes, other])).toBeUndefined();
      }
    }
    expect(rootsFromConsistency(0, 3, other, [])).toBeUndefined();
    expect(rootsFromConsistency(4, 3, other, [])).toBeUndefined();
  });
});

/** The mirror against a model: a plain array that is copied at each commit. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCommitPart, encodeCommit } from '../../src/storages/indexeddb/commit-record.ts';
import { BLOCK_SIZE_BYTES } from '../../src/storages/indexeddb/block.ts';
import { FileMirror } from '../../src/storages/indexeddb/file-mirror.ts';

const LARGEST_BYTES: number = 6 * BLOCK_SIZE_BYTES;

type Step =
  | { readonly verb: 'write'; readonly offset: number; readonly sizeBytes: number; readonly fill: number }
  | { readonly verb: 'truncate'; readonly sizeBytes: number }
  | { readonly verb: 'commit' | 'rollback' };

/** Offsets and sizes, often near the edges of blocks, where mistakes are likely. */
const position = fc.oneof(
  fc.nat(LARGEST_BYTES),
  fc
    .tuple(fc.nat(6), fc.integer({ min: -2, max: 2 }))
    .map(([blocks, off]) => Math.max(0, blocks * BLOCK_SIZE_BYTES + off)),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constant('write' as const),
      offset: position,
      sizeBytes: position,
      fill: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('truncate' as const), sizeBytes: position }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constantFrom('commit' as const, 'rollback' as const) }) },
);

/** The expected content: the file now, and as it was committed. */
class Model {
  bytes: Uint8Array = new Uint8Array(0);
  stored: Uint8Array = new Uint8Array(0);

  apply(change: Step): void {
    if (change.verb === 'write') {
      const end = change.sizeBytes === 0 ? 0 : change.offset + change.sizeBytes;
      this.#resize(Math.max(this.bytes.length, end));
      if (change.sizeBytes > 0) this.bytes.fill(change.fill, change.offset, end);
    } else if (change.verb === 'truncate') this.#resize(change.sizeBytes);
    else if (change.verb === 'commit') this.stored = this.bytes.slice();
    else this.bytes = this.stored.slice();
  }

  #resize(sizeBytes: number): void {
    const resized = new Uint8Array(sizeBytes);
    resized.set(this.bytes.subarray(0, sizeBytes));
    this.bytes = resized;
  }
}

function contentOf(mirror: FileMirror): Uint8Array {
  // Room past the end shows whether the mirror invents bytes.
  const target = new Uint8Array(mirror.sizeBytes + 100).fill(0xee);
  const read = mirror.read(target, 0);
  expect(read).toBe(mirror.sizeBytes);
  expect(target.subarray(read).every((byte) => byte === 0xee)).toBe(true);
  return target.slice(0, read);
}

/** Applies a transaction's changes to another mirror, by way of its commit record. */
function replicate(from: FileMirror, to: FileMirror): void {
  for (const part of encodeCommit(from.changes(), 1n)) {
    to.apply(decodeCommitPart(part));
  }
}

it('mirror 1, 2: reads what was written, rolls back to what was committed, and reports every change', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const mirror = new FileMirror();
      const follower = new FileMirror();
      const model = new Model();
      for (const change of steps) {
        if (change.verb === 'write') {
          mirror.write(
            new Uint8Array(change.sizeBytes).fill(change.fill),
            change.sizeBytes === 0 ? 0 : change.offset,
          );
        } else if (change.verb === 'truncate') mirror.truncate(change.sizeBytes);
        else if (change.verb === 'commit') {
          const { blocks } = mirror.changes();
          expect(new Set(blocks.map(({ blockIndex }) => blockIndex)).size).toBe(blocks.length);
          replicate(mirror, follower);
          mirror.markCommitted();
        } else mirror.rollback();
        model.apply(change);
        expect(Buffer.compare(contentOf(mirror), model.bytes)).toBe(0);
        expect(Buffer.compare(contentOf(follower), model.stored)).toBe(0);
        expect(mirror.dirty || Buffer.compare(model.bytes, model.stored) === 0).toBe(true);
      }
    }),
    { numRuns: 500, seed: 1 },
  );
});

it('mirror 1: a later transaction does not change the blocks that an earlier one reported', () => {
  const mirror = new FileMirror();
  mirror.write(new Uint8Array(BLOCK_SIZE_BYTES).fill(1), 0);
  const before = mirror.changes().blocks[0]?.bytes;
  mirror.markCommitted();
  mirror.write(new Uint8Array(BLOCK_SIZE_BYTES).fill(2), 0);
  expect(before?.every((byte) => byte === 1)).toBe(true);
});

it('mirror: refuses stored commits while it has changes of its own', () => {
  const mirror = new FileMirror();
  mirror.write(new Uint8Array(1), 0);
  expect(() => mirror.apply({ patches: [], sizeBytes: 1 })).toThrow(/changes of its own/);
  expect(() => mirror.load([], 1)).toThrow(/changes of its own/);
});

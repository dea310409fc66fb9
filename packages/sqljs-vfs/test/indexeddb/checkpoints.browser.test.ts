/** Commits, folds in steps and loading, against a model: whatever was folded when, loading gives the file that was stored. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type CommitPart,
  decodeCommitPart,
  encodeCommit,
} from '../../src/storages/indexeddb/commit-record.ts';
import { BLOCK_SIZE_BYTES, PageMirror } from '../../src/storages/indexeddb/file-mirror.ts';
import { FoldPlan } from '../../src/storages/indexeddb/checkpoint-plan.browser.ts';
import {
  blocksWithin,
  type Extent,
  EXTENT_SIZE_BYTES,
  extentCount,
  type StoreMeta,
} from '../../src/storages/indexeddb/layout.browser.ts';
import { assemble } from '../../src/storages/indexeddb/loading.browser.ts';

const LARGEST_BYTES: number = 3 * EXTENT_SIZE_BYTES;

/** What the object store holds, and every context sees. */
class Store {
  meta: StoreMeta = {
    format: 2,
    epoch: 'one',
    version: 0,
    sizeBytes: 0,
    foldedVersion: 0,
    unfoldedBytes: 0,
  };
  readonly extents: Map<number, Extent> = new Map();
  commits: { version: number; part: ArrayBuffer }[] = [];

  commitsAfter(version: number): CommitPart[] {
    return this.commits
      .filter((commit) => commit.version > version)
      .map(({ part }) => decodeCommitPart(part.slice(0)));
  }
}

/** A tab: its mirror, and its way through a fold. */
class Context {
  readonly #store: Store;
  readonly #plan: FoldPlan = new FoldPlan();
  readonly mirror: PageMirror = new PageMirror();
  #meta: StoreMeta;

  constructor(store: Store) {
    this.#store = store;
    this.#meta = { ...store.meta, version: -1 };
    this.refresh();
  }

  refresh(): void {
    const { meta } = this.#store;
    const whole = this.#meta.version < meta.foldedVersion || this.#meta.version === -1;
    const commits = this.#store.commitsAfter(whole ? meta.foldedVersion : this.#meta.version);
    if (whole) {
      this.mirror.clear();
      this.#plan.restart(meta);
      const extents = [...this.#store.extents.values()]
        .filter(({ extentIndex }) => extentIndex < extentCount(meta.sizeBytes))
        .map(({ extentIndex, bytes }) => ({ extentIndex, bytes: bytes.slice(0) }));
      assemble(this.mirror, extents, commits);
    }
    for (const { sizeBytes, patches } of commits) {
      if (!whole) {
        this.mirror.adopt(patches);
        this.mirror.adoptSize(sizeBytes);
      }
      this.#plan.note({ sizeBytes, blocks: patches });
    }
    this.mirror.adoptSize(meta.sizeBytes);
    this.#meta = meta;
  }

  /** @param folds - it leaves nothing to fold, as a large one does */
  commit(change: (mirror: PageMirror) => void, folds = false): void {
    this.refresh();
    change(this.mirror);
    if (!this.mirror.dirty) return;
    const changes = this.mirror.changes();
    const version = this.#meta.version + 1;
    if (folds) {
      this.#putExtents(this.#plan.leftWith(changes));
      this.#store.commits = [];
      this.#meta = { ...this.#meta, version, sizeBytes: changes.sizeBytes, foldedVersion: version };
      this.#store.meta = this.#meta;
      this.mirror.settle();
      this.#plan.allFolded(changes.sizeBytes);
      return;
    }
    for (const part of encodeCommit(changes, BigInt(version))) this.#store.commits.push({ version, part });
    this.#meta = { ...this.#meta, version, sizeBytes: changes.sizeBytes };
    this.#store.meta = this.#meta;
    this.mirror.settle();
    this.#plan.note(changes);
  }

  fold(fails: boolean): void {
    this.refresh();
    const step = this.#plan.next(this.#meta);
    if (fails) return this.#plan.failed();
    this.#putExtents(step.kind === 'write' ? step.extents : []);
    if (step.kind === 'remove commits') {
      this.#store.commits = this.#store.commits.filter(({ version }) => version > step.version);
      this.#meta = { ...this.#meta, foldedVersion: step.version };
      this.#store.meta = this.#meta;
    }
    this.#plan.done(step);
  }

  #putExtents(indexes: readonly number[]): void {
    const { extents } = this.#store;
    const end = extentCount(this.mirror.sizeBytes);
    for (const index of extents.keys()) if (index >= end) extents.delete(index);
    for (const extentIndex of indexes) {
      const sizeBytes = blocksWithin(extentIndex, this.mirror.sizeBytes) * BLOCK_SIZE_BYTES;
      const { buffer } = this.mirror.copyOut(extentIndex * EXTENT_SIZE_BYTES, sizeBytes);
      if (sizeBytes === 0) extents.delete(extentIndex);
      else extents.set(extentIndex, { extentIndex, bytes: buffer });
    }
  }
}

type Step = { readonly who: number } & (
  | {
      readonly verb: 'write';
      readonly offset: number;
      readonly sizeBytes: number;
      readonly fill: number;
      readonly folds: boolean;
    }
  | { readonly verb: 'truncate'; readonly sizeBytes: number; readonly folds: boolean }
  | { readonly verb: 'fold'; readonly times: number; readonly fails: boolean }
  | { readonly verb: 'begin anew' }
);

const position = fc.oneof(
  fc
    .tuple(fc.nat(3), fc.integer({ min: -2, max: 2 }))
    .map(([extents, blocks]) => Math.max(0, extents * EXTENT_SIZE_BYTES + blocks * BLOCK_SIZE_BYTES)),
  fc.nat(LARGEST_BYTES),
);
const who = fc.nat(2);
const seldom = fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      who,
      verb: fc.constant('write' as const),
      offset: position,
      sizeBytes: fc.integer({ min: 1, max: 3 * BLOCK_SIZE_BYTES }),
      fill: fc.integer({ min: 1, max: 255 }),
      folds: seldom,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ who, verb: fc.constant('truncate' as const), sizeBytes: position, folds: seldom }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      who,
      verb: fc.constant('fold' as const),
      times: fc.integer({ min: 1, max: 6 }),
      fails: fc.integer({ min: 0, max: 3 }).map((chance) => chance === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ who, verb: fc.constant('begin anew' as const) }) },
);

function contentOf(mirror: PageMirror): Uint8Array<ArrayBuffer> {
  return mirror.copyOut(0, mirror.sizeBytes);
}

/** As `sameBytes` of the suite; these are megabytes, so the browser compares them. */
function same(some: Uint8Array<ArrayBuffer>, others: Uint8Array<ArrayBuffer>): boolean {
  return indexedDB.cmp(some, others) === 0;
}

it('indexeddb 6: three contexts commit and fold in any order; loading gives what was stored', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30, size: 'max' }), (steps) => {
      const store = new Store();
      const contexts = [new Context(store), new Context(store), new Context(store)];
      let model = new Uint8Array(0);
      const resize = (sizeBytes: number): void => {
        const resized = new Uint8Array(sizeBytes);
        resized.set(model.subarray(0, sizeBytes));
        model = resized;
      };
      for (const change of steps) {
        const context = contexts[change.who] as Context;
        if (change.verb === 'write') {
          const { offset, sizeBytes, fill, folds } = change;
          context.commit((mirror) => mirror.write(new Uint8Array(sizeBytes).fill(fill), offset), folds);
          resize(Math.max(model.length, offset + sizeBytes));
          model.fill(fill, offset, offset + sizeBytes);
        } else if (change.verb === 'truncate') {
          context.commit((mirror) => mirror.truncate(change.sizeBytes), change.folds);
          resize(change.sizeBytes);
        } else if (change.verb === 'fold') {
          for (let time = 0; time < change.times; time++) context.fold(change.fails);
        } else contexts[change.who] = new Context(store);
      }
      expect(same(contentOf(new Context(store).mirror), model)).toBe(true);
      for (const context of contexts) {
        context.refresh();
        expect(same(contentOf(context.mirror), model)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

it('indexeddb 6: a fold that could not begin before the file grew again leaves nothing of what had been cut off', () => {
  const store = new Store();
  const first = new Context(store);
  first.commit((mirror) => mirror.write(new Uint8Array(3 * EXTENT_SIZE_BYTES).fill(1), 0));
  for (let time = 0; time < 4; time++) first.fold(false);
  expect(store.meta.foldedVersion).toBe(1);
  first.commit((mirror) => mirror.truncate(10));
  const later = new Context(store);
  later.fold(true);
  later.commit((mirror) => mirror.write(new Uint8Array(1).fill(2), 2 * EXTENT_SIZE_BYTES + 100));
  for (let time = 0; time < 2; time++) later.fold(false);
  const expected = new Uint8Array(2 * EXTENT_SIZE_BYTES + 101).fill(1, 0, 10);
  expected[2 * EXTENT_SIZE_BYTES + 100] = 2;
  expect(same(contentOf(new Context(store).mirror), expected)).toBe(true);
});

it('indexeddb 6: a commit that leaves nothing to fold writes what a fold under way had still to write', () => {
  const store = new Store();
  const context = new Context(store);
  context.commit((mirror) => mirror.write(new Uint8Array(4 * EXTENT_SIZE_BYTES).fill(1), 0));
  context.fold(false);
  context.commit((mirror) => mirror.write(new Uint8Array(1).fill(2), 0), true);
  const expected = new Uint8Array(4 * EXTENT_SIZE_BYTES).fill(1).fill(2, 0, 1);
  expect(same(contentOf(new Context(store).mirror), expected)).toBe(true);
});

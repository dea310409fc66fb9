import { EXTENT_SIZE_BLOCKS, extentCount, EXTENT_SIZE_BYTES, type StoreMeta } from './layout.browser.ts';

/** Extents written in one step: some milliseconds, in which a save may have to wait. */
const EXTENTS_PER_STEP = 2;

/** What a commit changed, as far as folding goes. */
export interface FoldableChanges {
  readonly sizeBytes: number;
  readonly blocks: Iterable<{ readonly blockIndex: number }>;
}

/** Commits on their way into the extents, as far as this context has come. */
interface Round {
  /** Commits up to this version can go once every extent is written. */
  readonly version: number;
  /** What those commits weigh. */
  readonly bytes: number;
  /** As it was when the round began: only one context can end a round. */
  readonly foldedVersion: number;
  readonly left: number[];
  /** Whether a step of it is stored. */
  begun: boolean;
}

/** One step of a fold. */
export type FoldStep =
  | { readonly kind: 'write'; readonly extents: readonly number[] }
  | { readonly kind: 'remove commits'; readonly version: number; readonly bytes: number };

/** Which extents the commits since the last fold have changed, and which of them are still to be written. */
export class FoldPlan {
  readonly #changed: Set<number> = new Set();
  #round: Round | undefined;
  #sizeBytes = 0;

  /** A commit, ours or somebody else's. */
  note(changes: FoldableChanges): void {
    for (const extentIndex of this.#extentsOf(changes)) this.#changed.add(extentIndex);
    this.#sizeBytes = changes.sizeBytes;
  }

  /** The extents that a commit has to write so that nothing is left to fold. */
  leftWith(changes: FoldableChanges): number[] {
    return [...new Set([...this.#changed, ...(this.#round?.left ?? []), ...this.#extentsOf(changes)])];
  }

  /** Such a commit is stored. */
  allFolded(sizeBytes: number): void {
    this.#changed.clear();
    this.#round = undefined;
    this.#sizeBytes = sizeBytes;
  }

  /** Everything was loaded anew; the commits that were loaded are noted next. */
  restart(meta: StoreMeta): void {
    this.#changed.clear();
    this.#round = undefined;
    // The size at the last fold is not known, so the first commit has to count as having cut something off.
    this.#sizeBytes = (extentCount(meta.sizeBytes) + 1) * EXTENT_SIZE_BYTES;
  }

  /** What to do next. */
  next(meta: StoreMeta): FoldStep {
    // Another context may have been faster.
    if (this.#round && this.#round.foldedVersion !== meta.foldedVersion) this.#abandon();
    this.#round ??= this.#begin(meta);
    const { left, version, bytes } = this.#round;
    return left.length > 0
      ? { kind: 'write', extents: left.slice(-EXTENTS_PER_STEP) }
      : { kind: 'remove commits', version, bytes };
  }

  /** A step is stored. */
  done(step: FoldStep): void {
    if (!this.#round) return;
    this.#round.begun = true;
    if (step.kind === 'write') this.#round.left.splice(-step.extents.length);
    else this.#round = undefined;
  }

  /**
   * A step could not be stored. The first one removes what lies past the end of the file; that has to happen at the
   * version the round is for, before the file grows over it.
   */
  failed(): void {
    if (this.#round && !this.#round.begun) this.#abandon();
  }

  /** Whether a round has begun and not ended. */
  get underWay(): boolean {
    return this.#round !== undefined;
  }

  #extentsOf({ sizeBytes, blocks }: FoldableChanges): Set<number> {
    const extents = new Set<number>();
    for (const { blockIndex } of blocks) extents.add(Math.floor(blockIndex / EXTENT_SIZE_BLOCKS));
    // What was cut off must not come back as old bytes when the file grows over it, whether or not anything is written.
    const start = Math.floor(Math.min(sizeBytes, this.#sizeBytes) / EXTENT_SIZE_BYTES);
    const end = extentCount(Math.max(sizeBytes, this.#sizeBytes));
    if (sizeBytes !== this.#sizeBytes) for (let index = start; index < end; index++) extents.add(index);
    return extents;
  }

  #abandon(): void {
    for (const extentIndex of this.#round?.left ?? []) this.#changed.add(extentIndex);
    this.#round = undefined;
  }

  #begin(meta: StoreMeta): Round {
    const left = [...this.#changed];
    this.#changed.clear();
    return {
      version: meta.version,
      bytes: meta.unfoldedBytes,
      foldedVersion: meta.foldedVersion,
      left,
      begun: false,
    };
  }
}

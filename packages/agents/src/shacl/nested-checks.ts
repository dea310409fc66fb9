import type { Term } from '@rdfjs/types';
import type { Pauses } from '../pauses.ts';
import { termKey } from '../rdf/terms.ts';

/** Check of a node against a shape inside another check, as `sh:node`, `sh:not`, `sh:or` and their like need it. */
export type Check = (focusNode: Term, shape: Term) => boolean;

/** Depth of checks inside each other at which the deepest is done first, on an empty stack. Each takes about 2 kB of it. */
const MAX_DEPTH = 50;

/** Thrown to unwind the stack at a check that is too deep. */
class TooDeep extends Error {}

/** Check that is too deep. */
interface DeepCheck {
  readonly key: string;
  readonly focusNode: Term;
  readonly shape: Term;
}

/** Part of the nested checks that fits on the stack. */
interface Segment {
  /** Check that it begins with; `undefined` for the work as a whole. */
  readonly first: DeepCheck | undefined;
  /** Checks in progress around it, in the segment before. */
  readonly around: readonly string[];
  /** Verdicts of the segments after it. They hold where this segment asks for them. */
  readonly verdicts: Map<string, boolean>;
}

/**
 * Checks inside checks, of any depth. A check that depends on itself counts as conforming, which SHACL leaves open (section
 * 3.4.3).
 *
 * Where the checks are too deep for the stack, the deepest is evaluated on an empty stack, as if the checks around it were
 * still in progress; then they begin again and find its verdict.
 */
export class NestedChecks {
  readonly #check: Check;
  readonly #pauses: Pauses;
  /** Verdicts that depend on no check in progress, within one {@link run}. */
  readonly #verdicts: Map<string, boolean> = new Map();
  readonly #inProgress: Set<string> = new Set();
  /** Checks in progress in segments that wait for a later one. */
  readonly #waiting: Set<string> = new Set();
  #segments: Segment[] = [];
  /** Number of verdicts used that depend on a check in progress. */
  #assumptions = 0;

  constructor(check: Check, pauses: Pauses) {
    this.#check = check;
    this.#pauses = pauses;
  }

  /** Takes the place of the check that it was made of. */
  readonly conforms: Check = (focusNode, shape) => {
    const key = `${termKey(focusNode)} ${termKey(shape)}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const isOwnAncestor = this.#inProgress.has(key) || this.#waiting.has(key);
    const assumed = isOwnAncestor ? true : this.#segments.at(-1)?.verdicts.get(key);
    if (assumed !== undefined) {
      this.#assumptions += 1;
      return assumed;
    }
    if (this.#inProgress.size >= MAX_DEPTH) throw this.#postponed({ key, focusNode, shape });
    return this.#evaluate(key, focusNode, shape);
  };

  /** Runs work that calls {@link conforms}, from its beginning after each check that had to be done first. */
  async run<T>(work: () => T): Promise<T> {
    this.#verdicts.clear();
    this.#waiting.clear();
    this.#segments = [{ first: undefined, around: [], verdicts: new Map() }];
    for (;;) {
      await this.#pauses.pauseIfDue();
      const first = this.#segments.at(-1)?.first;
      try {
        if (first === undefined) return work();
        this.#finish(first.key, this.#evaluate(first.key, first.focusNode, first.shape));
      } catch (error) {
        if (!(error instanceof TooDeep)) throw error;
      }
    }
  }

  #evaluate(key: string, focusNode: Term, shape: Term): boolean {
    const assumptionsBefore = this.#assumptions;
    this.#inProgress.add(key);
    try {
      const verdict = this.#check(focusNode, shape);
      if (this.#assumptions === assumptionsBefore) this.#verdicts.set(key, verdict);
      return verdict;
    } finally {
      this.#inProgress.delete(key);
    }
  }

  /** Adds a segment for a check, while the checks around it are still in progress. */
  #postponed(check: DeepCheck): TooDeep {
    const around = [...this.#inProgress];
    for (const key of around) this.#waiting.add(key);
    this.#segments.push({ first: check, around, verdicts: new Map() });
    return new TooDeep();
  }

  #finish(key: string, verdict: boolean): void {
    const segment = this.#segments.pop();
    for (const around of segment?.around ?? []) this.#waiting.delete(around);
    this.#segments.at(-1)?.verdicts.set(key, verdict);
  }
}

import type { Term } from '@rdfjs/types';
import type { Pauses } from '../pauses.ts';
import { termKey } from '../rdf/terms.ts';

/** Check of a node against a shape inside another check, as `sh:node`, `sh:not`, `sh:or` and their like need it. */
export type Check = (focusNode: Term, shape: Term) => boolean;

/** Depth of checks inside each other at which the deepest is done first, on an empty stack. Each takes about 2 kB of it. */
const MAX_DEPTH = 50;

/** Thrown to unwind the stack at a check that is too deep. */
class TooDeep extends Error {}

/**
 * Number of verdicts that may be found for one focus node without being kept: with a negation in a circle, it can double
 * with each node.
 */
const MAX_UNKEPT = 200_000;

/** Thrown when checks with a negation on the way to themselves take too much work. */
export class UnboundedNegation extends Error {
  override readonly name = 'UnboundedNegation';
  readonly shape: Term;
  readonly focusNode: Term;

  constructor({ shape, focusNode }: { readonly shape: Term; readonly focusNode: Term }) {
    super('too many checks of a shape that depends on its own negation');
    this.shape = shape;
    this.focusNode = focusNode;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Verdict with what it rests on. */
interface Verdict {
  readonly conforms: boolean;
  /** Checks in progress that were assumed to conform. */
  readonly assumptions: ReadonlySet<string>;
  /** A check was assumed to conform, perhaps one that has ended since. */
  readonly hasAssumed: boolean;
}

/** Check in progress. */
interface CheckInProgress {
  readonly assumptions: Set<string>;
  hasAssumed: boolean;
  /** Verdicts that it asked for and that are not kept. The way to them is the same until it ends. */
  readonly verdicts: Map<string, Verdict>;
}

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
  /** Verdicts of the segments after it that are not kept, by the way to the check, for which alone they hold. */
  readonly verdicts: Map<string, Verdict>;
}

/** Settings of {@link NestedChecks}. */
export interface NestedChecksOptions {
  /** Whether a shape reaches itself through a negation. */
  readonly isNegationOfItself: (shape: Term) => boolean;
  /** @default 50 */
  readonly maxDepth?: number;
  /** @default 200,000 */
  readonly maxUnkept?: number;
}

/**
 * Checks inside checks, of any depth. A check that depends on itself counts as conforming, which SHACL leaves open (section
 * 3.4.3).
 *
 * Without a negation on the way from a check to itself, verdicts are those of a greatest fixed point. So a verdict of
 * `false` is final, whatever was assumed for it, and one of `true` holds as long as all that was assumed for it is in
 * progress or holds itself. Each check is then evaluated at most once after each new `false`. With a negation on the way,
 * a verdict depends on the whole way to the check and is kept only until the check around it ends; the number of those is
 * limited.
 *
 * Where the checks are too deep for the stack, the deepest is evaluated on an empty stack, as if the checks around it were
 * still in progress; then they begin again and find its verdict.
 */
export class NestedChecks {
  readonly #check: Check;
  readonly #pauses: Pauses;
  readonly #isNegationOfItself: (shape: Term) => boolean;
  readonly #maxDepth: number;
  readonly #maxUnkept: number;
  /** Verdicts that depend on no check in progress. */
  readonly #final: Map<string, boolean> = new Map();
  /** Assumptions of checks that conform as long as these do. */
  readonly #provisional: Map<string, ReadonlySet<string>> = new Map();
  /** Provisional checks, by assumption. */
  readonly #dependents: Map<string, Set<string>> = new Map();
  readonly #inProgress: Map<string, CheckInProgress> = new Map();
  #innermost: CheckInProgress | undefined;
  /** Number of verdicts found for the current work and not kept. */
  #unkept = 0;
  /** Checks in progress in segments that wait for a later one. */
  readonly #waiting: Set<string> = new Set();
  #segments: Segment[] = [];

  constructor(
    check: Check,
    pauses: Pauses,
    { isNegationOfItself, maxDepth = MAX_DEPTH, maxUnkept = MAX_UNKEPT }: NestedChecksOptions,
  ) {
    this.#check = check;
    this.#pauses = pauses;
    this.#isNegationOfItself = isNegationOfItself;
    this.#maxDepth = maxDepth;
    this.#maxUnkept = maxUnkept;
  }

  /** Takes the place of the check that it was made of. */
  readonly conforms: Check = (focusNode, shape) => {
    const key = `${termKey(focusNode)} ${termKey(shape)}`;
    const verdict =
      this.#known(key) ?? this.#innermost?.verdicts.get(key) ?? this.#evaluated({ key, focusNode, shape });
    if (this.#innermost !== undefined && verdict.hasAssumed) {
      this.#innermost.hasAssumed = true;
      for (const assumption of verdict.assumptions) this.#innermost.assumptions.add(assumption);
    }
    return verdict.conforms;
  };

  /** Runs work that calls {@link conforms}, from its beginning after each check that had to be done first. */
  async run<T>(work: () => T): Promise<T> {
    this.#provisional.clear();
    this.#dependents.clear();
    this.#waiting.clear();
    this.#unkept = 0;
    this.#segments = [{ first: undefined, around: [], verdicts: new Map() }];
    for (;;) {
      await this.#pauses.pauseIfDue();
      const first = this.#segments.at(-1)?.first;
      try {
        if (first === undefined) return work();
        this.#finish(first, this.#evaluate(first));
      } catch (error) {
        if (!(error instanceof TooDeep)) throw error;
      }
    }
  }

  #known(key: string): Verdict | undefined {
    const final = this.#final.get(key);
    if (final !== undefined) return { conforms: final, assumptions: NONE, hasAssumed: false };
    if (this.#isInProgress(key)) return { conforms: true, assumptions: new Set([key]), hasAssumed: true };
    const assumptions = this.#provisional.get(key);
    if (assumptions === undefined) return undefined;
    for (const assumption of assumptions) if (!this.#isInProgress(assumption)) return undefined;
    return { conforms: true, assumptions, hasAssumed: true };
  }

  #isInProgress(key: string): boolean {
    return this.#inProgress.has(key) || this.#waiting.has(key);
  }

  #evaluated(check: DeepCheck): Verdict {
    if (this.#inProgress.size < this.#maxDepth) return this.#evaluate(check);
    const around = [...this.#inProgress.keys()];
    const verdict = this.#segments.at(-1)?.verdicts.get(wayTo(check.key, around));
    if (verdict !== undefined) return verdict;
    for (const key of around) this.#waiting.add(key);
    this.#segments.push({ first: check, around, verdicts: new Map() });
    throw new TooDeep();
  }

  #evaluate(deepCheck: DeepCheck): Verdict {
    const { key, focusNode, shape } = deepCheck;
    const around = this.#innermost;
    const current: CheckInProgress = { assumptions: new Set(), hasAssumed: false, verdicts: new Map() };
    this.#inProgress.set(key, current);
    this.#innermost = current;
    let conforms: boolean;
    try {
      conforms = this.#check(focusNode, shape);
    } finally {
      this.#inProgress.delete(key);
      this.#innermost = around;
    }
    current.assumptions.delete(key);
    const { assumptions, hasAssumed } = current;
    const verdict: Verdict = { conforms, assumptions, hasAssumed };
    if (!hasAssumed) this.#final.set(key, conforms);
    else if (!this.#isNegationOfItself(shape)) return this.#kept(key, verdict);
    else if (++this.#unkept > this.#maxUnkept) throw new UnboundedNegation(deepCheck);
    else around?.verdicts.set(key, verdict);
    return verdict;
  }

  /** Keeps the verdict of a check and updates those that rest on it. */
  #kept(key: string, { conforms, assumptions }: Verdict): Verdict {
    const dependents = this.#dependents.get(key) ?? [];
    this.#dependents.delete(key);
    this.#forget(key);
    for (const dependent of dependents) {
      const before = this.#provisional.get(dependent);
      if (before === undefined) continue;
      this.#forget(dependent);
      if (conforms)
        this.#keepWhile(
          dependent,
          new Set([...before, ...assumptions].filter((a) => a !== key && a !== dependent)),
        );
    }
    if (!conforms) {
      this.#final.set(key, false);
      return { conforms, assumptions: NONE, hasAssumed: false };
    }
    this.#keepWhile(key, assumptions);
    return { conforms, assumptions, hasAssumed: assumptions.size > 0 };
  }

  #keepWhile(key: string, assumptions: ReadonlySet<string>): void {
    if (assumptions.size === 0) {
      this.#final.set(key, true);
      return;
    }
    this.#provisional.set(key, assumptions);
    for (const assumption of assumptions) {
      const dependents = this.#dependents.get(assumption);
      if (dependents === undefined) this.#dependents.set(assumption, new Set([key]));
      else dependents.add(key);
    }
  }

  #forget(key: string): void {
    for (const assumption of this.#provisional.get(key) ?? []) this.#dependents.get(assumption)?.delete(key);
    this.#provisional.delete(key);
  }

  #finish({ key, shape }: DeepCheck, verdict: Verdict): void {
    const segment = this.#segments.pop();
    if (segment === undefined) return;
    for (const around of segment.around) this.#waiting.delete(around);
    if (!verdict.hasAssumed || !this.#isNegationOfItself(shape)) return;
    this.#segments.at(-1)?.verdicts.set(wayTo(key, segment.around), verdict);
  }
}

function wayTo(key: string, around: readonly string[]): string {
  return [...around, key].join('\n');
}

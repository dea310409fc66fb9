import type { Quad, Term } from '@rdfjs/types';
import RDFC10, { type Issuer, type NDegreeResult } from 'rdf-canonize/lib/RDFC10.js';
import type { Pauses } from '../pauses.ts';
import { sha256Hex } from '../sha256.ts';
import { BranchingIssuer } from './branching-issuer.ts';
import { leastSteps } from './least-work.ts';
import { compareText, renderTerm } from './terms.ts';

/** Work that every graph may cost, whatever its size: the W3C's computable "poison graphs" need 2,000 steps. */
const MIN_STEPS = 50_000;
/** Work for each blank node that looks like another, in common graphs: small structures that occur many times. */
const STEPS_PER_NODE = 50;
/** Limit of the square of these blank nodes, for rings and lists. It takes about two seconds. */
const MAX_SQUARE_STEPS = 200_000;
/** Number of hashes that are kept. Symmetric graphs compute the same ones again and again. */
const MAX_KEPT_HASHES = 50_000;
/** Number of statements that an error quotes. */
const MAX_QUOTED = 2;

/** Thrown when a graph needs more work than the limit; `reason` says which of its nodes do. */
export class WorkLimitExceeded extends Error {
  override readonly name = 'WorkLimitExceeded';
}

/**
 * RDFC-1.0 by rdf-canonize, with less work for the same result, a limit on that work, and pauses.
 *
 * The limit counts steps, not time: a step is a statement of a blank node that is looked at (RDFC-1.0, section 4.8). So a
 * graph passes or fails on every machine alike.
 */
export class BoundedRdfc10 extends RDFC10 {
  readonly #pauses: Pauses;
  #steps = 0;
  #maxSteps: number | undefined;

  /** @param labels - filled with the canonical labels */
  constructor(labels: Map<string, string>, pauses: Pauses) {
    super({
      createMessageDigest: keptDigests(),
      canonicalIdMap: labels,
      // The limit is here.
      maxDeepIterations: Infinity,
    });
    this.#pauses = pauses;
  }

  override async hashNDegreeQuads(id: string, issuer: Issuer): Promise<NDegreeResult> {
    this.#maxSteps ??= this.#limit();
    this.#steps += 1 + (this.blankNodeInfo.get(id)?.quads.size ?? 0);
    if (this.#steps > this.#maxSteps) throw new WorkLimitExceeded(this.#mostAlike());
    await this.#pauses.pauseIfDue();
    const branching =
      issuer instanceof BranchingIssuer ? issuer : BranchingIssuer.withLabels(issuer.getOldIds());
    return await super.hashNDegreeQuads(id, branching);
  }

  override async _yield(): Promise<void> {
    await this.#pauses.pauseIfDue();
  }

  /** Computes the limit for this graph. Throws at once when the work cannot stay within it. */
  #limit(): number {
    const labelled = new Set(this.canonicalIssuer.getOldIds());
    const alike = new Map([...this.blankNodeInfo].filter(([label]) => !labelled.has(label)));
    const maxSteps = maxStepsFor(alike.size);
    if (leastSteps(alike) > maxSteps) throw new WorkLimitExceeded(this.#mostAlike());
    return maxSteps;
  }

  /** Describes the largest set of blank nodes that look alike, the same for every order and labelling of the graph. */
  #mostAlike(): string {
    const sets = new Map<string, string[]>();
    for (const [label, { hash }] of this.blankNodeInfo) {
      const alike = sets.get(hash ?? '') ?? [];
      alike.push(label);
      sets.set(hash ?? '', alike);
    }
    const [largest] = [...sets].toSorted(
      ([hashA, a], [hashB, b]) => b.length - a.length || compareText(hashA, hashB),
    );
    const [example = ''] = largest?.[1] ?? [];
    const statements = [...(this.blankNodeInfo.get(example)?.quads ?? [])]
      .map((quad) => statementOf(quad, example))
      .toSorted(compareText);
    const more = statements.length > MAX_QUOTED ? ' …' : '';
    return `${largest?.[1].length ?? 0} of them have the same statements, ${statements.slice(0, MAX_QUOTED).join(' ')}${more}`;
  }
}

function maxStepsFor(alikeNodes: number): number {
  return Math.max(
    MIN_STEPS,
    STEPS_PER_NODE * alikeNodes,
    // Three statements hold a member of a list, and looking at them is four steps.
    Math.min(4 * alikeNodes ** 2, MAX_SQUARE_STEPS),
  );
}

/** Writes a statement with the node as `_:a` and every other blank node as `_:z`, as RDFC-1.0 does in section 4.6. */
function statementOf({ subject, predicate, object }: Quad, label: string): string {
  const write = (term: Term): string =>
    term.termType === 'BlankNode' ? `_:${term.value === label ? 'a' : 'z'}` : renderTerm(term, new Map());
  return `${write(subject)} ${write(predicate)} ${write(object)} .`;
}

/** Makes digests that compute the hash of a message once. */
function keptDigests(): () => { update(text: string): void; digest(): string } {
  const kept = new Map<string, string>();
  return () => {
    let message = '';
    return {
      update: (text) => {
        message += text;
      },
      digest: () => {
        const known = kept.get(message);
        if (known !== undefined) return known;
        if (kept.size >= MAX_KEPT_HASHES) kept.clear();
        const hash = sha256Hex(message);
        kept.set(message, hash);
        return hash;
      },
    };
  };
}

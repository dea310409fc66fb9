import type { Term } from '@rdfjs/types';
import type { Path } from 'rdf-validate-shacl';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

/** Terms without duplicates, by term key. */
type Terms = ReadonlyMap<string, Term>;

/** Steps of predicates that are kept in repeated paths: more would take as much memory as the graph. */
const MAX_KEPT_STEPS = 200_000;

/**
 * Value nodes of property paths (SPARQL 1.1, section 9.3). The engine's own evaluation calls itself at each step of a repeated
 * path, and 8,000 steps overflow the stack; this one goes on from all nodes of a step together.
 *
 * Each focus node of a chain reaches all nodes after it, so single steps are kept: looking them up again would take most of
 * the time.
 */
export class PathValues {
  readonly #graph: TripleGraph;
  /** Terms that one step of a path reaches, by the term key of its start. */
  readonly #steps: Map<Path, Map<string, Terms>> = new Map();
  #keptSteps = 0;
  /** Last result of each path: the constraints of a shape ask for the same one, one after another. */
  readonly #last: Map<Path, { readonly key: string; readonly values: Term[] }> = new Map();

  constructor(graph: TripleGraph) {
    this.#graph = graph;
  }

  of(focusNode: Term, path: Path): Term[] {
    const key = termKey(focusNode);
    const last = this.#last.get(path);
    if (last?.key === key) return last.values;
    const values = [...this.#follow(new Map([[key, focusNode]]), path).values()];
    this.#last.set(path, { key, values });
    return values;
  }

  #follow(starts: Terms, path: Path): Terms {
    if (Array.isArray(path)) {
      return path.reduce<Terms>((reached, step) => this.#follow(reached, step), starts);
    }
    if ('termType' in path)
      return this.#neighbours(starts, path, (term) => this.#graph.objects(term, path.value));
    if ('or' in path) return union(path.or.map((member) => this.#follow(starts, member)));
    if ('inverse' in path) {
      const { inverse } = path;
      if (!('termType' in inverse)) throw new Error('an inverse path is not a predicate');
      return this.#neighbours(starts, path, (term) => this.#graph.subjects(inverse.value, term));
    }
    if ('zeroOrOne' in path) return union([starts, this.#follow(starts, path.zeroOrOne)]);
    if ('zeroOrMore' in path) return this.#repeat(starts, path.zeroOrMore, new Map(starts));
    return this.#repeat(starts, path.oneOrMore);
  }

  /** Follows a path until it reaches nothing that was not reached before. */
  #repeat(starts: Terms, path: Path, reached: Map<string, Term> = new Map()): Terms {
    let frontier = starts;
    while (frontier.size > 0) {
      const next = new Map<string, Term>();
      for (const [key, term] of this.#follow(frontier, path)) {
        if (reached.has(key)) continue;
        reached.set(key, term);
        next.set(key, term);
      }
      frontier = next;
    }
    return reached;
  }

  #neighbours(starts: Terms, path: Path, of: (term: Term) => readonly Term[]): Terms {
    const [only] = starts;
    if (only !== undefined && starts.size === 1) return this.#step(...only, path, of);
    const found = new Map<string, Term>();
    for (const [startKey, start] of starts)
      for (const [key, term] of this.#step(startKey, start, path, of)) found.set(key, term);
    return found;
  }

  #step(startKey: string, start: Term, path: Path, of: (term: Term) => readonly Term[]): Terms {
    let steps = this.#steps.get(path);
    if (steps === undefined) this.#steps.set(path, (steps = new Map()));
    const known = steps.get(startKey);
    if (known !== undefined) return known;
    const found: Terms = new Map(of(start).map((term) => [termKey(term), term]));
    this.#keptSteps += 1 + found.size;
    if (this.#keptSteps > MAX_KEPT_STEPS) {
      this.#steps.clear();
      this.#keptSteps = 0;
    } else steps.set(startKey, found);
    return found;
  }
}

function union(sets: readonly Terms[]): Terms {
  return new Map(sets.flatMap((terms) => [...terms]));
}

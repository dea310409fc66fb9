import type { Term } from '@rdfjs/types';
import type { Path } from 'rdf-validate-shacl';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

/** Terms without duplicates, by term key. */
type Terms = Map<string, Term>;

/**
 * Returns the value nodes of a property path (SPARQL 1.1, section 9.3). The engine's own evaluation calls itself at each
 * step of a repeated path, and 8,000 steps overflow the stack; this one goes on from all nodes of a step together.
 */
export function pathValues(graph: TripleGraph, focusNode: Term, path: Path): Term[] {
  return [...follow(graph, new Map([[termKey(focusNode), focusNode]]), path).values()];
}

function follow(graph: TripleGraph, starts: Terms, path: Path): Terms {
  if (Array.isArray(path)) {
    return path.reduce((reached, step) => follow(graph, reached, step), starts);
  }
  if ('termType' in path) return neighbours(starts, (term) => graph.objects(term, path.value));
  if ('or' in path) return union(path.or.map((member) => follow(graph, starts, member)));
  if ('inverse' in path) {
    const { inverse } = path;
    if (!('termType' in inverse)) throw new Error('an inverse path is not a predicate');
    return neighbours(starts, (term) => graph.subjects(inverse.value, term));
  }
  if ('zeroOrOne' in path) return union([starts, follow(graph, starts, path.zeroOrOne)]);
  if ('zeroOrMore' in path) return union([starts, repeat(graph, starts, path.zeroOrMore)]);
  return repeat(graph, starts, path.oneOrMore);
}

/** Follows a path until it reaches nothing new. */
function repeat(graph: TripleGraph, starts: Terms, path: Path): Terms {
  const reached: Terms = new Map();
  let frontier = starts;
  while (frontier.size > 0) {
    const next: Terms = new Map();
    for (const [key, term] of follow(graph, frontier, path)) {
      if (reached.has(key)) continue;
      reached.set(key, term);
      next.set(key, term);
    }
    frontier = next;
  }
  return reached;
}

function neighbours(starts: Terms, of: (term: Term) => readonly Term[]): Terms {
  const found: Terms = new Map();
  for (const start of starts.values()) for (const term of of(start)) found.set(termKey(term), term);
  return found;
}

function union(sets: readonly Terms[]): Terms {
  return new Map(sets.flatMap((terms) => [...terms]));
}

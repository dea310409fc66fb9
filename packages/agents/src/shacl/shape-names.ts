import type { Term } from '@rdfjs/types';
import { compareText, renderTerm, termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** Finds the nearest shape with an IRI around a blank one; of several, the first in code point order. */
export function namedShapeAround(
  shapes: TripleGraph,
  shape: Term,
  labels: ReadonlyMap<string, string>,
): Term {
  const seen = new Set<string>();
  let level: Term[] = [shape];
  while (level.length > 0) {
    const named = level.filter((term) => term.termType === 'NamedNode');
    const [first] = named.toSorted((a, b) => compareText(renderTerm(a, labels), renderTerm(b, labels)));
    if (first !== undefined) return first;
    for (const term of level) seen.add(termKey(term));
    level = level
      .flatMap((term) => [...shapes.store.match(null, null, term)].map((quad) => quad.subject))
      .filter((term) => !seen.has(termKey(term)));
  }
  return shape;
}

/** Returns the IRI of a shape, or of the nearest one around it that has one. A label would depend on the parser. */
export function describeShape(shapes: TripleGraph, shape: Term): string {
  const named = namedShapeAround(shapes, shape, NO_LABELS);
  return named.termType === 'NamedNode' ? renderTerm(named, NO_LABELS) : 'a shape without a name';
}

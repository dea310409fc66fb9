import type { Term } from '@rdfjs/types';
import { SH } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { SHAPE_LIST_PREDICATES, SHAPE_PREDICATES } from './vocabulary.ts';

/** Shapes by shape, both as keys of terms. */
type Edges = Map<string, Set<string>>;

/**
 * Finds the shapes that reach themselves through a negation: through `sh:not`, `sh:xone`, a qualified maximum or the
 * siblings of a disjoint qualified shape. SHACL leaves open what they mean.
 *
 * @returns keys of the shapes, as {@link termKey} makes them
 */
export function negationsOfThemselves(shapes: TripleGraph): ReadonlySet<string> {
  const { forward, backward, negations } = dependenciesOf(shapes);
  const found = new Set<string>();
  for (const [shape, negated] of negations) {
    if (found.has(shape) && found.has(negated)) continue;
    const after = reachable(negated, forward);
    if (!after.has(shape)) continue;
    const before = reachable(shape, backward);
    for (const key of after) if (before.has(key)) found.add(key);
  }
  return found;
}

/** References between the shapes of a graph. */
export interface Dependencies {
  readonly forward: Edges;
  readonly backward: Edges;
  readonly negations: readonly (readonly [shape: string, negated: string])[];
}

/** Finds which shapes refer to which others, and where a reference is a negation. */
export function dependenciesOf(shapes: TripleGraph): Dependencies {
  const forward: Edges = new Map();
  const backward: Edges = new Map();
  const negations: [shape: string, negated: string][] = [];
  const add = (shape: Term, other: Term, isNegation: boolean): void => {
    const [from, to] = [termKey(shape), termKey(other)];
    addTo(forward, from, to);
    addTo(backward, to, from);
    if (isNegation) negations.push([from, to]);
  };
  for (const predicate of SHAPE_PREDICATES) {
    for (const shape of shapes.subjects(predicate)) {
      const isNegation =
        predicate === `${SH}not` ||
        (predicate === `${SH}qualifiedValueShape` &&
          shapes.objects(shape, `${SH}qualifiedMaxCount`).length > 0);
      for (const other of shapes.objects(shape, predicate)) add(shape, other, isNegation);
    }
  }
  for (const predicate of SHAPE_LIST_PREDICATES) {
    for (const shape of shapes.subjects(predicate)) {
      for (const list of shapes.objects(shape, predicate)) {
        for (const other of shapes.isList(list) ? shapes.list(list) : []) {
          add(shape, other, predicate === `${SH}xone`);
        }
      }
    }
  }
  for (const shape of shapes.subjects(`${SH}qualifiedValueShapesDisjoint`)) {
    for (const sibling of siblingsOf(shape, shapes)) {
      for (const other of shapes.objects(sibling, `${SH}qualifiedValueShape`)) add(shape, other, true);
    }
  }
  return { forward, backward, negations };
}

function siblingsOf(shape: Term, shapes: TripleGraph): readonly Term[] {
  return shapes.subjects(`${SH}property`, shape).flatMap((parent) => shapes.objects(parent, `${SH}property`));
}

function addTo(edges: Edges, from: string, to: string): void {
  const known = edges.get(from);
  if (known === undefined) edges.set(from, new Set([to]));
  else known.add(to);
}

/** Returns the shapes that a shape reaches over the edges, itself included. */
export function reachable(from: string, edges: Edges): ReadonlySet<string> {
  const found = new Set([from]);
  for (const key of found) for (const next of edges.get(key) ?? []) found.add(next);
  return found;
}

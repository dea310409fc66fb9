import type { Term } from '@rdfjs/types';
import { OWL, RDF, RDFS, SH } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import type { ClassHierarchy } from './class-hierarchy.ts';
import type { SparqlEvaluation } from './sparql-evaluation.ts';
import { FocusNodes } from './focus-nodes.ts';
import { type UnevaluatedParts, type UnevaluatedStatement, findUnevaluated } from './unevaluated.ts';
import {
  CONSTRAINT_PREDICATES,
  SHAPE_LIST_PREDICATES,
  SHAPE_PREDICATES,
  TARGET_PREDICATES,
} from './vocabulary.ts';

/** Shape with a constraint and a target. */
export interface TargetedShape {
  readonly shape: Term;
  /** Focus nodes without duplicates; empty when the target picks no node. */
  readonly focusNodes: FocusNodes;
}

/** Contents of a shapes graph. */
export interface ShapesSummary {
  /** Number of node shapes and property shapes, nested ones included. */
  readonly shapes: number;
  readonly targeted: readonly TargetedShape[];
  /** Parts that are not evaluated. A run with any of them did not check everything. */
  readonly unevaluated: UnevaluatedParts;
}

/** What the summary needs beside the graphs. */
export interface SummaryOptions {
  readonly sparql: Pick<SparqlEvaluation, 'isConstrained' | 'targetNodes'>;
  readonly unevaluated: readonly UnevaluatedStatement[];
  readonly imported: ReadonlySet<string>;
}

/**
 * Finds the shapes of a shapes graph and resolves their targets in the data graph.
 *
 * @param options - `imported` has the IRIs of documents that are in the graphs because they are imported
 */
export function summarizeShapes(
  shapes: TripleGraph,
  data: TripleGraph,
  hierarchy: ClassHierarchy,
  { sparql, unevaluated, imported }: SummaryOptions,
): ShapesSummary {
  const all = findShapes(shapes);
  const targeted: TargetedShape[] = [];
  for (const shape of all.values()) {
    if (!hasConstraint(shapes, shape) && !sparql.isConstrained(shape)) continue;
    if (isDeactivated(shapes, shape)) continue;
    const classes = implicitClasses(shapes, shape, hierarchy);
    if (
      classes.length === 0 &&
      !TARGET_PREDICATES.some((target) => shapes.objects(shape, target).length > 0)
    ) {
      continue;
    }
    const nodes = focusNodesOf(shape, classes, shapes, data, hierarchy);
    targeted.push({ shape, focusNodes: new FocusNodes(data.terms, [...nodes, sparql.targetNodes(shape)]) });
  }
  return { shapes: all.size, targeted, unevaluated: findUnevaluated(shapes, imported, unevaluated) };
}

/** Finds the shapes of a shapes graph, nested ones included, by term key. */
export function findShapes(shapes: TripleGraph): ReadonlyMap<string, Term> {
  const found = new Map<string, Term>();
  const add = (terms: readonly Term[]): void => {
    for (const term of terms) if (term.termType !== 'Literal') found.set(termKey(term), term);
  };
  for (const type of ['NodeShape', 'PropertyShape'])
    add(shapes.subjects(`${RDF}type`, shapes.iri(SH + type)));
  for (const predicate of [...TARGET_PREDICATES, ...CONSTRAINT_PREDICATES]) add(shapes.subjects(predicate));
  for (const predicate of SHAPE_PREDICATES) add([...shapes.eachObject(predicate)]);
  for (const predicate of SHAPE_LIST_PREDICATES) {
    for (const list of shapes.eachObject(predicate)) add(shapes.list(list));
  }
  return found;
}

function hasConstraint(shapes: TripleGraph, shape: Term): boolean {
  return CONSTRAINT_PREDICATES.some((predicate) => shapes.objects(shape, predicate).length > 0);
}

/** True for a shape or a SPARQL constraint whose `sh:deactivated` has the value true, written as `true` or as `"1"`. */
export function isDeactivated(shapes: TripleGraph, node: Term): boolean {
  return shapes.objects(node, `${SH}deactivated`).some(({ value }) => value === 'true' || value === '1');
}

/**
 * Returns the shape itself when it is also a class (SHACL, section 2.1.3.3). OWL ontologies type their classes only as
 * `owl:Class`, which OWL defines as a subclass of `rdfs:Class`.
 */
function implicitClasses(shapes: TripleGraph, shape: Term, hierarchy: ClassHierarchy): Term[] {
  const isClass = [`${RDFS}Class`, `${OWL}Class`].some((klass) =>
    hierarchy.isInstance(shapes, shape, shapes.iri(klass)),
  );
  return isClass ? [shape] : [];
}

function focusNodesOf(
  shape: Term,
  implicit: readonly Term[],
  shapes: TripleGraph,
  data: TripleGraph,
  hierarchy: ClassHierarchy,
): Iterable<Term>[] {
  return [
    ...[...implicit, ...shapes.objects(shape, `${SH}targetClass`)].map((klass) =>
      hierarchy.instancesIn(data, klass),
    ),
    shapes.objects(shape, `${SH}targetNode`),
    ...shapes.objects(shape, `${SH}targetSubjectsOf`).map(({ value }) => data.eachSubject(value)),
    ...shapes.objects(shape, `${SH}targetObjectsOf`).map(({ value }) => data.eachObject(value)),
  ];
}

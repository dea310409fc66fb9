import type { Term } from '@rdfjs/types';
import type { ValidationResult } from 'rdf-validate-shacl';
import { SH } from '../rdf/namespaces.ts';
import { compareText, renderTerm, termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { messageOf } from './messages.ts';
import { renderPath } from './property-path.ts';

/**
 * One validation result (SHACL, section 3.6.2). Terms are written as in N-Triples, blank nodes under their canonical
 * labels (RDFC-1.0): those of the data graph in `focusNode` and `value`, those of the shapes graph in `sourceShape`.
 */
export interface Violation {
  readonly focusNode: string;
  /** Path as SPARQL writes it; `null` for a constraint on the node itself. */
  readonly path: string | null;
  readonly value: string | null;
  /** Violated shape or, when it has no IRI, the nearest shape around it that has one. */
  readonly shape: string;
  /** Violated shape. */
  readonly sourceShape: string;
  /** Local name in SHACL's namespace, such as `MinCountConstraintComponent`. */
  readonly sourceConstraintComponent: string;
  /** `Violation`, `Warning`, `Info`, or the IRI of a custom severity. In SHACL, none of them conforms. */
  readonly severity: string;
  /** Message of the shape, or one made from the constraint. */
  readonly message: string;
}

/** Shapes graph and canonical labels, to write results. */
export interface ViolationContext {
  readonly shapes: TripleGraph;
  readonly dataLabels: ReadonlyMap<string, string>;
  readonly shapesLabels: ReadonlyMap<string, string>;
}

/** Converts the engine's results to plain data in a fixed order. */
export function violationsOf(results: readonly ValidationResult[], context: ViolationContext): Violation[] {
  const violations = results.map((result) => violationOf(result, context));
  const keyed = violations.map((violation) => ({ violation, key: sortKey(violation) }));
  return keyed.toSorted((a, b) => compareText(a.key, b.key)).map(({ violation }) => violation);
}

function violationOf(result: ValidationResult, context: ViolationContext): Violation {
  const { shapes, dataLabels, shapesLabels } = context;
  const inData = (term: Term | null): string | null => (term === null ? null : renderTerm(term, dataLabels));
  const sourceShape = result.sourceShape ?? shapes.iri('');
  const component = localName(result.sourceConstraintComponent);
  return {
    focusNode: inData(result.focusNode) ?? '',
    path: pathOf(result, sourceShape, shapes),
    value: inData(result.value),
    shape: renderTerm(namedShapeAround(shapes, sourceShape, shapesLabels), shapesLabels),
    sourceShape: renderTerm(sourceShape, shapesLabels),
    sourceConstraintComponent: component,
    severity: localName(result.severity),
    message: messageOf({ shapes, shapesLabels, shape: sourceShape, component, value: inData(result.value) }),
  };
}

/** Returns the predicate that `sh:closed` does not allow; for all other components the shape's own path. */
function pathOf(result: ValidationResult, shape: Term, shapes: TripleGraph): string | null {
  if (result.path?.termType === 'NamedNode') return `<${result.path.value}>`;
  const [path] = shapes.objects(shape, `${SH}path`);
  return path === undefined ? null : renderPath(shapes, path);
}

function localName(term: Term | null): string {
  const iri = term?.value ?? '';
  return iri.startsWith(SH) ? iri.slice(SH.length) : iri;
}

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

function sortKey(violation: Violation): string {
  const { focusNode, path, value, sourceConstraintComponent, severity, message, shape, sourceShape } =
    violation;
  return [
    focusNode,
    path ?? '',
    sourceConstraintComponent,
    value ?? '',
    shape,
    sourceShape,
    severity,
    message,
  ].join('\u0000');
}

import type { Term } from '@rdfjs/types';
import type { ValidationResult } from 'rdf-validate-shacl';
import { SH } from '../rdf/namespaces.ts';
import { compareText, renderTerm } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { messageOf } from './messages.ts';
import { renderPath } from './property-path.ts';
import { namedShapeAround } from './shape-names.ts';

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
  /**
   * Local name in SHACL's namespace, such as `MinCountConstraintComponent`, or the IRI of another component, or its label in
   * the shapes graph.
   */
  readonly sourceConstraintComponent: string;
  /** Violated `sh:sparql` constraint, a node of the shapes graph. */
  readonly sourceConstraint?: string;
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

/** Converts a result of the engine to plain data. */
export function violationOf(result: ValidationResult, context: ViolationContext): Violation {
  const { shapes, dataLabels, shapesLabels } = context;
  const inData = (term: Term | null): string | null => (term === null ? null : renderTerm(term, dataLabels));
  const sourceShape = result.sourceShape ?? shapes.iri('');
  const component = localName(result.sourceConstraintComponent, shapesLabels);
  const [constraint] = result.dataset.match(result.term, shapes.iri(`${SH}sourceConstraint`));
  return {
    focusNode: inData(result.focusNode) ?? '',
    path: pathOf(result, sourceShape, shapes),
    value: inData(result.value),
    shape: renderTerm(namedShapeAround(shapes, sourceShape, shapesLabels), shapesLabels),
    sourceShape: renderTerm(sourceShape, shapesLabels),
    sourceConstraintComponent: component,
    ...(constraint === undefined ? {} : { sourceConstraint: renderTerm(constraint.object, shapesLabels) }),
    severity: localName(result.severity, shapesLabels),
    message:
      result.message[0]?.value ??
      messageOf({ shapes, shapesLabels, shape: sourceShape, component, value: inData(result.value) }),
  };
}

/** Returns the predicate that `sh:closed` does not allow; for all other components the shape's own path. */
function pathOf(result: ValidationResult, shape: Term, shapes: TripleGraph): string | null {
  if (result.path?.termType === 'NamedNode') return `<${result.path.value}>`;
  const [path] = shapes.objects(shape, `${SH}path`);
  return path === undefined ? null : renderPath(shapes, path);
}

/** Returns the local name of a term in SHACL's namespace, another IRI, or the canonical label of a blank node. */
function localName(term: Term | null, labels: ReadonlyMap<string, string>): string {
  if (term?.termType === 'BlankNode') return renderTerm(term, labels);
  const iri = term?.value ?? '';
  return iri.startsWith(SH) ? iri.slice(SH.length) : iri;
}

/** Puts results into a fixed order. */
export function sortViolations(violations: readonly Violation[]): Violation[] {
  return violations.toSorted((a, b) => {
    for (const field of SORT_FIELDS) {
      const order = compareText(a[field] ?? '', b[field] ?? '');
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** The message is last, so that its wording moves no result that differs otherwise. */
const SORT_FIELDS = [
  'focusNode',
  'path',
  'sourceConstraintComponent',
  'value',
  'shape',
  'sourceShape',
  'sourceConstraint',
  'severity',
  'message',
] as const;

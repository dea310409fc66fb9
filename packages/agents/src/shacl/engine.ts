import type { Term } from '@rdfjs/types';
import type SHACLValidator from 'rdf-validate-shacl';
import type { Constraint, ValidationResult } from 'rdf-validate-shacl';
import { AgentError } from '../errors.ts';
import { OWL, RDF, RDFS, SH } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import { type N3, TripleGraph } from '../rdf/triple-graph.ts';
import type { ClassHierarchy } from './class-hierarchy.ts';
import { correctedConstraints } from './constraints.ts';
import { pushInversesInward } from './inverse-paths.ts';
import type { TargetedShape } from './shapes.ts';
import { TARGET_PREDICATES, isBeyondCore } from './vocabulary.ts';

/** Graphs and shapes of one evaluation. */
export interface Evaluation {
  readonly n3: N3;
  readonly data: TripleGraph;
  readonly shapes: TripleGraph;
  readonly hierarchy: ClassHierarchy;
  readonly targeted: readonly TargetedShape[];
}

/**
 * Evaluates shapes on their focus nodes with rdf-validate-shacl, corrected where it would miss violations or report false
 * ones.
 *
 * The engine gets the focus nodes by name (`sh:targetNode`) and does no class reasoning of its own. Its guard against
 * recursion limits how often a node is checked and lets it pass after the fiftieth time. {@link guardRecursion} stops
 * only real recursion: a check that depends on itself counts as conforming, which SHACL leaves open (section 3.4.3).
 *
 * @throws {AgentError} INVALID_SHAPES
 */
export async function evaluateShapes(evaluation: Evaluation): Promise<readonly ValidationResult[]> {
  if (evaluation.targeted.every(({ focusNodes }) => focusNodes.length === 0)) return [];
  const { default: Validator } = await import('rdf-validate-shacl');
  const { default: ShapesGraph } = await import('rdf-validate-shacl/src/shapes-graph.js');
  const { getPathObjects } = await import('rdf-validate-shacl/src/property-path.js');
  const { validateTerm } = await import('rdf-validate-datatype');
  const { data, shapes, hierarchy } = evaluation;

  const validator = new Validator(shapesForEngine(evaluation).store, { maxNodeChecks: 0 });
  const corrected = correctedConstraints({
    data,
    shapes,
    hierarchy,
    validateTerm,
    valueNodes: (focusNode, constraint) => valueNodesOf(validator, getPathObjects, focusNode, constraint),
  });
  for (const [name, component] of Object.entries(corrected)) {
    validator.validators.set(shapes.iri(SH + name), component);
  }
  // The engine binds components when it reads the shapes graph. Read it again, now with the corrected components.
  validator.shapesGraph = new ShapesGraph(validator);
  guardRecursion(validator);
  try {
    return (await validator.validate(data.store)).results;
  } catch (cause) {
    throw shapesError(cause);
  }
}

function valueNodesOf(
  validator: SHACLValidator,
  getPathObjects: (graph: object, focusNode: Term, path: object) => Term[],
  focusNode: Term,
  constraint: Constraint,
): readonly Term[] {
  const { pathObject } = constraint.shape;
  return pathObject === null ? [focusNode] : getPathObjects(validator.$data, focusNode, pathObject);
}

/** Copies the shapes graph with node targets only, without class axioms and without anything beyond SHACL Core. */
function shapesForEngine({ n3, shapes, targeted }: Evaluation): TripleGraph {
  const removed = new Set([...TARGET_PREDICATES, `${RDFS}subClassOf`, `${OWL}imports`]);
  const classes = new Set([`${RDFS}Class`, `${OWL}Class`]);
  const kept = [...shapes.store].filter(
    ({ predicate, object }) =>
      !removed.has(predicate.value) &&
      !isBeyondCore(predicate.value) &&
      !(predicate.value === `${RDF}type` && classes.has(object.value)),
  );
  const copy = new TripleGraph(n3, kept);
  for (const { shape, focusNodes } of targeted) {
    for (const focusNode of focusNodes) copy.add(shape, `${SH}targetNode`, focusNode);
  }
  pushInversesInward(copy);
  return copy;
}

function guardRecursion(validator: SHACLValidator): void {
  const evaluate = validator.nodeConformsToShape.bind(validator);
  const inProgress = new Set<string>();
  validator.nodeConformsToShape = (focusNode, shape, engine) => {
    const check = `${termKey(focusNode)} ${termKey(shape)}`;
    if (inProgress.has(check)) return true;
    inProgress.add(check);
    try {
      return evaluate(focusNode, shape, engine);
    } finally {
      inProgress.delete(check);
    }
  };
}

function shapesError(cause: unknown): AgentError {
  if (cause instanceof AgentError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message =
    cause instanceof RangeError
      ? 'The shapes are circular: a property shape contains itself'
      : `The shapes cannot be evaluated: ${text}`;
  return new AgentError('INVALID_SHAPES', message, { cause });
}

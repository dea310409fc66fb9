import type { Quad, Term } from '@rdfjs/types';
import type SHACLValidator from 'rdf-validate-shacl';
import type {
  DataPointer,
  FoundResult,
  PathTerm,
  Shape,
  ValidationEngine,
  ValidationResult,
} from 'rdf-validate-shacl';
import { AgentError } from '../errors.ts';
import type { Pauses } from '../pauses.ts';
import { DASH, RDF, SH } from '../rdf/namespaces.ts';
import { renderTerm, termKey } from '../rdf/terms.ts';
import type { N3, TripleGraph } from '../rdf/triple-graph.ts';
import { byParameter, singleLineComponent } from './added-component.ts';
import { OutOfQueryMemory } from '../sparql/oxigraph.ts';
import type { ClassHierarchy } from './class-hierarchy.ts';
import { correctedConstraints } from './constraints.ts';
import { withInversesInward } from './inverse-paths.ts';
import { negationsOfThemselves } from './negations.ts';
import { NestedChecks, UnboundedNegation } from './nested-checks.ts';
import { PathValues } from './path-values.ts';
import { namedShapeAround } from './shape-names.ts';
import { type ShapesSummary, isDeactivated } from './shapes.ts';
import type { SparqlEvaluation } from './sparql-evaluation.ts';
import { type Violation, type ViolationContext, violationOf } from './violation.ts';
import { TARGET_PREDICATES } from './vocabulary.ts';

/** Graphs and shapes of one evaluation. */
export interface Evaluation extends ViolationContext {
  readonly n3: N3;
  readonly data: TripleGraph;
  readonly hierarchy: ClassHierarchy;
  readonly summary: ShapesSummary;
  readonly sparql: SparqlEvaluation;
  /** Limit for shapes that depend on their own negation. @default that of {@link NestedChecks} */
  readonly maxUnkept?: number;
}

/** Time of a shape with all its focus nodes. */
export interface ShapeTime {
  readonly shape: string;
  readonly focusNodes: number;
  readonly durationMs: number;
}

/** Calls at each shape that has focus nodes. */
export interface ShapeProgress {
  /** Called with a description of the shape before its evaluation. */
  readonly beginShape: (name: string) => void;
  readonly endShape: (time: ShapeTime) => void;
}

/**
 * Evaluates shapes on their focus nodes with rdf-validate-shacl, corrected where it would miss violations or report false
 * ones.
 *
 * The engine gets one shape and one focus node at a time, between which there are pauses, and does no class reasoning of
 * its own. Its guard against recursion limits how often a node is checked and lets it pass after the fiftieth time;
 * {@link NestedChecks} takes its place.
 *
 * @param progress - called at each shape
 * @throws {AgentError} INVALID_SHAPES, QUERY_LIMIT, ABORTED
 */
export async function evaluateShapes(
  evaluation: Evaluation,
  pauses: Pauses,
  { beginShape, endShape }: ShapeProgress,
): Promise<readonly Violation[]> {
  const { targeted } = evaluation.summary;
  if (targeted.every(({ focusNodes }) => focusNodes.length === 0)) return [];
  const { maxUnkept } = evaluation;
  const validator = await correctedValidator(evaluation);
  const negations = negationsOfThemselves(evaluation.shapes);
  const checks = new NestedChecks(validator.nodeConformsToShape.bind(validator), pauses, {
    isNegationOfItself: (shape) => negations.has(termKey(shape)),
    ...(maxUnkept === undefined ? {} : { maxUnkept }),
  });
  validator.nodeConformsToShape = checks.conforms;
  const violations: Violation[] = [];
  for (const { shape: shapeNode, focusNodes } of targeted) {
    if (focusNodes.length > 0) beginShape(describedShape(shapeNode, evaluation.shapes));
    const shape = validator.shapesGraph.getShape(shapeNode);
    const startedMs = performance.now();
    for (const focusNode of focusNodes) {
      try {
        // A check that begins again must not keep the results that it had so far.
        const found = await checks.run(() => resultsOf(validator, focusNode, shape));
        // The engine holds a graph for each result, so none of them is kept.
        for (const result of found) violations.push(violationOf(result, evaluation));
      } catch (cause) {
        throw shapesError(cause, focusNode, shapeNode, evaluation.shapes);
      }
    }
    if (focusNodes.length > 0) {
      const shapeName = renderTerm(shapeNode, evaluation.shapesLabels);
      endShape({
        shape: shapeName,
        focusNodes: focusNodes.length,
        durationMs: performance.now() - startedMs,
      });
    }
  }
  return violations;
}

/** Makes the engine with the corrected constraint components, paths and results. */
async function correctedValidator(evaluation: Evaluation): Promise<SHACLValidator> {
  const { default: Validator } = await import('rdf-validate-shacl');
  const { default: ShapesGraph } = await import('rdf-validate-shacl/src/shapes-graph.js');
  const { validateTerm } = await import('rdf-validate-datatype');
  const { data, shapes, hierarchy } = evaluation;
  const validator = new Validator(shapesForEngine(evaluation), { maxNodeChecks: 0 });
  const corrected = correctedConstraints({
    data,
    shapes,
    hierarchy,
    validateTerm,
    valueNodes: (focusNode, { shape }) => shape.getValueNodes(focusNode, validator.$data),
  });
  for (const [name, component] of Object.entries(corrected)) {
    validator.validators.set(shapes.iri(SH + name), component);
  }
  // The engine binds components when it reads the shapes graph. Read it again, now with the corrected components.
  const shapesGraph = new ShapesGraph(validator);
  const added = byParameter([singleLineComponent(shapes), ...evaluation.sparql.components()], validator);
  const ownComponent = shapesGraph.getComponentWithParameter.bind(shapesGraph);
  shapesGraph.getComponentWithParameter = (parameter) =>
    added.get(termKey(parameter)) ?? ownComponent(parameter);
  const original = shapesGraph.getShape.bind(shapesGraph);
  shapesGraph.getShape = (shapeNode) => {
    const shape = withPathTerm(original(shapeNode));
    // The engine knows one way to write it.
    shape.deactivated = isDeactivated(shapes, shapeNode);
    return shape;
  };
  validator.shapesGraph = shapesGraph;
  validator.validationEngine = withoutReport(validator.validationEngine, evaluation);
  validator.setDataGraph(dataForEngine(data));
  return validator;
}

/** Makes a path look like a predicate: the constraints ask the data graph for its values, {@link dataForEngine}. */
function withPathTerm(shape: Shape): Shape {
  const { pathObject } = shape;
  if (pathObject !== null && !('termType' in pathObject)) {
    const term: PathTerm = { termType: 'NamedNode', value: '', path: pathObject };
    shape.pathObject = term;
  }
  return shape;
}

/** Makes the data graph as the engine reads it. Its own evaluation of paths overflows the stack after 8,000 steps. */
function dataForEngine(data: TripleGraph): DataPointer {
  const paths = new PathValues(data);
  return {
    dataset: data.store,
    node: (subject) => ({
      out: (path) => ({
        terms: 'path' in path ? paths.of(subject, path.path) : data.objects(subject, path.value),
      }),
    }),
  };
}

/**
 * Leaves out what the engine copies into its report: messages, and the structure below each node, by calls nested as deep
 * as a list is long. `violationsOf` takes them from the graphs. What a validator found itself, the engine would lose.
 */
function withoutReport(
  engine: ValidationEngine,
  graphs: Pick<Evaluation, 'n3' | 'shapes'>,
): ValidationEngine {
  const { n3, shapes } = graphs;
  const clone = engine.clone.bind(engine);
  const create = engine.createResultFromObject.bind(engine);
  return Object.assign(engine, {
    copyNestedStructure: () => undefined,
    copySourceShapeStructure: () => undefined,
    createResultMessages: () => [],
    createResultFromObject: (
      ...[found, constraint, focusNode, valueNode]: Parameters<typeof create>
    ): ReturnType<typeof create> => {
      const result = create(found, constraint, focusNode, valueNode);
      if (result === null || typeof found !== 'object' || found === null) return result;
      const { message, sourceConstraint } = found as FoundResult;
      if (message !== undefined)
        result.addOut(shapes.iri(`${SH}resultMessage`), n3.DataFactory.literal(message));
      if (sourceConstraint !== undefined)
        result.addOut(shapes.iri(`${SH}sourceConstraint`), sourceConstraint);
      return result;
    },
    clone: (options?: object) => withoutReport(clone(options), graphs),
  });
}

function resultsOf(validator: SHACLValidator, focusNode: Term, shape: Shape): readonly ValidationResult[] {
  const engine = validator.validationEngine.clone();
  const hasViolation = engine.validateNodeAgainstShape(focusNode, shape, validator.$data);
  return hasViolation ? engine.getReport().results : [];
}

/**
 * Copies the statements of the shapes graph that the engine reads, without targets, class axioms and what cannot be evaluated.
 * The shapes graph may be the data graph, of which a copy would take as much memory again.
 */
function shapesForEngine({ n3, shapes, summary, sparql }: Evaluation): readonly Quad[] {
  const read = new Set([`${RDF}first`, `${RDF}rest`, `${RDF}type`]);
  for (const { parameters } of sparql.components()) for (const { value } of parameters) read.add(value);
  const removed: ReadonlySet<string> = new Set(TARGET_PREDICATES);
  const isRead = (predicate: string, object: string): boolean =>
    predicate === `${RDF}type`
      ? object.startsWith(SH)
      : predicate.startsWith(SH) || predicate.startsWith(DASH) || read.has(predicate);
  const kept: Quad[] = [];
  for (const quad of shapes.store) {
    const { subject, predicate, object } = quad;
    if (!isRead(predicate.value, object.value) || removed.has(predicate.value)) continue;
    if (!summary.unevaluated.has(subject, predicate.value, object)) kept.push(quad);
  }
  return withInversesInward(n3, shapes, kept);
}

function shapesError(cause: unknown, focusNode: Term, shape: Term, shapes: TripleGraph): AgentError {
  if (cause instanceof AgentError) return cause;
  const subject = `${capitalized(describedShape(shape, shapes))} cannot be evaluated on ${nameOf(focusNode)}`;
  if (cause instanceof UnboundedNegation) {
    const reason =
      `${describedShape(cause.shape, shapes)} depends on its own negation, for data that leads back to itself. ` +
      'SHACL leaves open what that means';
    return new AgentError('INVALID_SHAPES', `${subject}, because it takes too much work: ${reason}`, {
      cause,
      hint: 'Take the shape out of its own sh:not, sh:xone or qualified maximum.',
    });
  }
  if (cause instanceof RangeError) {
    const reason = 'its property shapes contain each other without end, or far too deeply';
    return new AgentError('INVALID_SHAPES', `${subject}: ${reason}`, { cause });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof OutOfQueryMemory
    ? new AgentError('QUERY_LIMIT', `${subject}: ${text}`, { cause, query: cause.query })
    : new AgentError('INVALID_SHAPES', `${subject}: ${text}`, { cause });
}

/** Names a shape, or the nearest one around it that has a name. */
function describedShape(shape: Term, shapes: TripleGraph): string {
  const named = namedShapeAround(shapes, shape, new Map());
  if (named.termType !== 'NamedNode') return 'a shape without a name';
  return `${named.value === shape.value ? 'the shape' : 'a shape in'} ${nameOf(named)}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Names a term for a message; a blank node's label would depend on the parser. */
function nameOf(term: Term): string {
  return term.termType === 'BlankNode' ? 'a blank node' : renderTerm(term, new Map());
}

import type { Quad_Object, Term } from '@rdfjs/types';
import { OWL, RDF, SH } from '../rdf/namespaces.ts';
import { renderTerm } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { shortened } from '../shortened.ts';
import { PARAMETER_TYPES } from './parameter-types.ts';
import { findPathProblem } from './property-path.ts';
import { findShapes } from './shapes.ts';
import { namedShapeAround } from './shape-names.ts';
import { SHAPE_LIST_PREDICATES, SHAPE_PREDICATES, shortName } from './vocabulary.ts';

/** Rule of SHACL that a shapes graph breaks, with the triple that breaks it. */
export interface ShapeProblem {
  /** Shape at fault. */
  readonly subject: Term;
  readonly predicate: string;
  readonly object: Term;
  readonly problem: string;
  /** Remedy, as one sentence. */
  readonly hint?: string;
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();
/** Characters of a value that a message shows. */
const MAX_SHOWN = 80;
const SINGLE_SHAPE = `${SH}qualifiedValueShape`;
const QUALIFIED_COUNTS = [`${SH}qualifiedMinCount`, `${SH}qualifiedMaxCount`];

/**
 * Finds what makes a shapes graph ill-formed (SHACL, sections 2 to 4): references to shapes that do not exist, parameters
 * of a wrong type or number, paths that mean nothing. An engine that ignores them would report that data
 * conforms although something was not checked.
 */
export function findShapeProblems(shapes: TripleGraph): ShapeProblem[] {
  return [...findShapes(shapes).values()].flatMap((shape) => new ShapeCheck(shapes, shape).problems());
}

/** Returns one sentence that names the shape, or the nearest one around it that has a name. */
export function describeProblem(shapes: TripleGraph, { subject, problem }: ShapeProblem): string {
  if (subject.termType === 'NamedNode') return `${renderTerm(subject, NO_LABELS)}: ${problem}`;
  const around = namedShapeAround(shapes, subject, NO_LABELS);
  return around.termType === 'NamedNode'
    ? `A shape in ${renderTerm(around, NO_LABELS)}: ${problem}`
    : `A shape without a name: ${problem}`;
}

/** Check of one shape. */
class ShapeCheck {
  readonly #shapes: TripleGraph;
  readonly #shape: Term;
  /** Objects of the shape's triples by predicate, read once because few predicates of many occur. */
  readonly #objectsByPredicate: Map<string, Quad_Object[]> = new Map();
  readonly #problems: ShapeProblem[] = [];

  constructor(shapes: TripleGraph, shape: Term) {
    this.#shapes = shapes;
    this.#shape = shape;
    for (const { predicate, object } of shapes.store.match(shape)) {
      const known = this.#objectsByPredicate.get(predicate.value);
      if (known === undefined) this.#objectsByPredicate.set(predicate.value, [object]);
      else known.push(object);
    }
  }

  problems(): readonly ShapeProblem[] {
    this.#checkPath();
    for (const predicate of PARAMETER_TYPES.keys()) this.#checkParameter(predicate);
    for (const predicate of SHAPE_PREDICATES) this.#checkReferences(predicate);
    for (const predicate of SHAPE_LIST_PREDICATES) this.#checkReferenceLists(predicate);
    this.#checkQualified();
    return this.#problems;
  }

  #objects(predicate: string): readonly Quad_Object[] {
    return this.#objectsByPredicate.get(predicate) ?? [];
  }

  #add(predicate: string, object: Term, problem: string, hint?: string): void {
    this.#problems.push({
      subject: this.#shape,
      predicate,
      object,
      problem,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #checkPath(): void {
    const paths = this.#objects(`${SH}path`);
    const [path, second] = paths;
    for (const type of this.#objects(`${RDF}type`)) {
      if (type.value === `${SH}PropertyShape` && path === undefined)
        this.#add(`${RDF}type`, type, 'a property shape needs a sh:path');
      if (type.value === `${SH}NodeShape` && path !== undefined)
        this.#add(`${SH}path`, path, 'a node shape cannot have a sh:path');
    }
    if (second !== undefined) this.#add(`${SH}path`, second, 'a shape can have only one sh:path');
    const problem = path === undefined ? undefined : findPathProblem(this.#shapes, path);
    if (path !== undefined && problem !== undefined)
      this.#add(`${SH}path`, path, `the sh:path is not a property path: ${problem}`);
  }

  #checkParameter(predicate: string): void {
    const type = PARAMETER_TYPES.get(predicate);
    const values = this.#objects(predicate);
    const [first, second] = values;
    if (type === undefined || first === undefined) return;
    const name = shortName(predicate);
    for (const value of values) {
      if (!type.accepts(value, this.#shapes))
        this.#add(predicate, value, `${name} must be ${type.expected}, not ${shown(value)}`);
    }
    if (type.single === true && second !== undefined)
      this.#add(predicate, second, `${name} can have only one value`);
    if (type.propertyShapesOnly === true && this.#objects(`${SH}path`).length === 0)
      this.#add(predicate, first, `${name} needs a sh:path`);
  }

  #checkReferences(predicate: string): void {
    const values = this.#objects(predicate);
    for (const value of values) this.#checkReference(predicate, value, value);
    const [, second] = values;
    if (predicate === SINGLE_SHAPE && second !== undefined)
      this.#add(predicate, second, `${shortName(predicate)} can have only one value`);
  }

  #checkReferenceLists(predicate: string): void {
    for (const list of this.#objects(predicate)) {
      if (!this.#shapes.isList(list)) {
        this.#add(
          predicate,
          list,
          `${shortName(predicate)} must be an RDF list of shapes, not ${shown(list)}`,
        );
        continue;
      }
      for (const member of this.#shapes.list(list)) this.#checkReference(predicate, list, member);
    }
  }

  #checkReference(predicate: string, object: Term, shape: Term): void {
    const name = shortName(predicate);
    if (!isDescribed(this.#shapes, shape)) {
      const imports = this.#shapes.subjects(`${OWL}imports`).length > 0;
      this.#add(
        predicate,
        object,
        `${name} refers to ${shown(shape)}, which the shapes graph does not describe as a shape`,
        imports
          ? 'Imports are not loaded from the network: give the imported documents too.'
          : 'Look for a misspelt name, or give the document with the shape too.',
      );
    } else if (predicate === `${SH}property` && this.#shapes.objects(shape, `${SH}path`).length === 0) {
      this.#add(predicate, object, `${name} refers to ${shown(shape)}, which has no sh:path`);
    }
  }

  /** Node shapes with counts alone are left: SHACL's test suite wants them ignored. */
  #checkQualified(): void {
    const [shape] = this.#objects(SINGLE_SHAPE);
    const isPropertyShape = this.#objects(`${SH}path`).length > 0;
    if (shape !== undefined && !isPropertyShape)
      this.#add(SINGLE_SHAPE, shape, `${shortName(SINGLE_SHAPE)} needs a sh:path`);
    if (shape !== undefined || !isPropertyShape) return;
    for (const predicate of QUALIFIED_COUNTS) {
      for (const count of this.#objects(predicate))
        this.#add(predicate, count, `${shortName(predicate)} needs a ${shortName(SINGLE_SHAPE)}`);
    }
  }
}

/**
 * True when a graph describes a node as a shape: it types it as one, or gives it a property of SHACL. `[]` is the shape
 * that every node conforms to.
 */
function isDescribed(shapes: TripleGraph, node: Term): boolean {
  if (node.termType !== 'NamedNode' && node.termType !== 'BlankNode') return false;
  const quads = [...shapes.store.match(node)];
  if (node.termType === 'BlankNode' && quads.length === 0) return true;
  return quads.some(
    ({ predicate, object }) =>
      predicate.value.startsWith(SH) ||
      (predicate.value === `${RDF}type` &&
        [`${SH}NodeShape`, `${SH}PropertyShape`, `${SH}Shape`].includes(object.value)),
  );
}

function shown(term: Term): string {
  if (term.termType === 'BlankNode') return 'a blank node';
  return shortened(renderTerm(term, NO_LABELS), MAX_SHOWN);
}

import type { Term } from '@rdfjs/types';
import { RDF, SH } from '../rdf/namespaces.ts';
import { renderTerm } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

const MODIFIERS: ReadonlyMap<string, string> = new Map([
  [`${SH}zeroOrMorePath`, '*'],
  [`${SH}oneOrMorePath`, '+'],
  [`${SH}zeroOrOnePath`, '?'],
]);

const NO_LABELS: ReadonlyMap<string, string> = new Map();
/** Depth limit of written paths, deeper than any path written by hand. */
const MAX_DEPTH = 32;
/** Depth limit of evaluated paths, which a recursive function can still follow. */
const MAX_NESTED_PATHS = 1000;

/**
 * Writes a property path as SPARQL does (SPARQL 1.1, section 9.1): `<p>`, `^<p>`, `<p> / <q>`, `<p> | <q>`, `<p>*`.
 *
 * @param graph - the graph that contains the path
 * @param path - the path's node
 */
export function renderPath(graph: TripleGraph, path: Term): string {
  return render(graph, path, 0).text;
}

interface Rendered {
  readonly text: string;
  /** True when an operator around the text needs no parentheses. */
  readonly atomic: boolean;
}

function render(graph: TripleGraph, path: Term, depth: number): Rendered {
  if (depth > MAX_DEPTH) return { text: '…', atomic: true };
  if (path.termType === 'NamedNode') return { text: renderTerm(path, NO_LABELS), atomic: true };
  const inner = (term: Term): string => {
    const part = render(graph, term, depth + 1);
    return part.atomic ? part.text : `(${part.text})`;
  };
  const sequence = graph.list(path);
  if (sequence.length > 0) return { text: sequence.map(inner).join(' / '), atomic: sequence.length === 1 };
  const [alternatives] = graph.objects(path, `${SH}alternativePath`);
  if (alternatives !== undefined) {
    return { text: graph.list(alternatives).map(inner).join(' | '), atomic: false };
  }
  const [inverse] = graph.objects(path, `${SH}inversePath`);
  if (inverse !== undefined) return { text: `^${inner(inverse)}`, atomic: true };
  for (const [predicate, modifier] of MODIFIERS) {
    const [repeated] = graph.objects(path, predicate);
    if (repeated !== undefined) return { text: `${inner(repeated)}${modifier}`, atomic: true };
  }
  return { text: '[]', atomic: true };
}

/**
 * Returns the reason why a node is not a property path (SHACL, section 2.3.1); `undefined` when it is one. A node that is
 * a list is a sequence, whatever else it is.
 */
export function findPathProblem(graph: TripleGraph, path: Term): string | undefined {
  return problemOf(graph, path, new Set());
}

function problemOf(graph: TripleGraph, path: Term, around: Set<string>): string | undefined {
  if (path.termType === 'NamedNode') {
    return path.value === `${RDF}nil` ? 'a sequence is empty' : undefined;
  }
  if (path.termType !== 'BlankNode') return `${renderTerm(path, NO_LABELS)} is not an IRI`;
  if (around.has(path.value)) return 'it contains itself';
  if (around.size === MAX_NESTED_PATHS) return 'it is nested too deeply';
  around.add(path.value);
  const problem = compoundProblem(graph, path, around);
  around.delete(path.value);
  return problem;
}

function compoundProblem(graph: TripleGraph, path: Term, around: Set<string>): string | undefined {
  if (graph.objects(path, `${RDF}first`).length > 0) return listProblem(graph, path, around);
  const operators = [`${SH}alternativePath`, `${SH}inversePath`, ...MODIFIERS.keys()];
  const [operand, ...others] = operators.flatMap((operator) =>
    graph.objects(path, operator).map((object) => ({ operator, object })),
  );
  if (operand === undefined) return 'a blank node is neither a sequence nor any other kind of path';
  if (others.length > 0) return 'a blank node is more than one kind of path';
  return operand.operator === `${SH}alternativePath`
    ? listProblem(graph, operand.object, around)
    : problemOf(graph, operand.object, around);
}

function listProblem(graph: TripleGraph, list: Term, around: Set<string>): string | undefined {
  if (!graph.isList(list)) return 'its list is not an RDF list';
  const members = graph.list(list);
  if (members.length === 0) return 'its list is empty';
  for (const member of members) {
    const problem = problemOf(graph, member, around);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

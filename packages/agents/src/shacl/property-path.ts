import type { Term } from '@rdfjs/types';
import { SH } from '../rdf/namespaces.ts';
import { renderTerm } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

const MODIFIERS: ReadonlyMap<string, string> = new Map([
  [`${SH}zeroOrMorePath`, '*'],
  [`${SH}oneOrMorePath`, '+'],
  [`${SH}zeroOrOnePath`, '?'],
]);

const NO_LABELS: ReadonlyMap<string, string> = new Map();
/** Depth limit, deeper than any path written by hand. A path that contains itself ends here. */
const MAX_DEPTH = 32;

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

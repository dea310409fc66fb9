import type { Term } from '@rdfjs/types';
import { RDF, SH } from '../rdf/namespaces.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

const REPEATING = ['zeroOrMorePath', 'oneOrMorePath', 'zeroOrOnePath'].map((name) => SH + name);

/**
 * Rewrites property paths so that only predicates are inverted, because the engine supports no other inverses (SPARQL
 * 1.1, section 18.4). The inverse of:
 *
 * - a sequence is the reversed sequence of inverses;
 * - an alternative is the alternative of inverses;
 * - a repeated path is the repeated inverse;
 * - an inverse is the path itself.
 *
 * @param shapes - changed in place; the original paths stay in it, unused
 */
export function pushInversesInward(shapes: TripleGraph): void {
  const invertsPath = [...shapes.store.match(null, shapes.iri(`${SH}inversePath`))].some(
    ({ object }) => object.termType === 'BlankNode',
  );
  if (!invertsPath) return;
  const paths = Array.from(shapes.store.match(null, shapes.iri(`${SH}path`)));
  for (const quad of paths) {
    shapes.store.delete(quad);
    shapes.add(quad.subject, `${SH}path`, rewrite(shapes, quad.object, false));
  }
}

function rewrite(shapes: TripleGraph, path: Term, inverted: boolean): Term {
  if (path.termType !== 'BlankNode') {
    return inverted ? node(shapes, `${SH}inversePath`, path) : path;
  }
  // Lists first, as in the engine: for a node that is several kinds of path at once, only the list counts.
  const steps = shapes.list(path).map((step) => rewrite(shapes, step, inverted));
  if (steps.length > 0) return list(shapes, inverted ? steps.toReversed() : steps);
  const [inner] = shapes.objects(path, `${SH}inversePath`);
  if (inner !== undefined) return rewrite(shapes, inner, !inverted);
  const [alternatives] = shapes.objects(path, `${SH}alternativePath`);
  if (alternatives !== undefined) {
    const members = shapes.list(alternatives).map((member) => rewrite(shapes, member, inverted));
    return node(shapes, `${SH}alternativePath`, list(shapes, members));
  }
  for (const repeating of REPEATING) {
    const [repeated] = shapes.objects(path, repeating);
    if (repeated !== undefined) return node(shapes, repeating, rewrite(shapes, repeated, inverted));
  }
  return path;
}

function node(shapes: TripleGraph, predicate: string, object: Term): Term {
  const subject = shapes.blankNode();
  shapes.add(subject, predicate, object);
  return subject;
}

function list(shapes: TripleGraph, members: readonly Term[]): Term {
  return members.reduceRight<Term>(
    (rest, member) => {
      const cell = node(shapes, `${RDF}first`, member);
      shapes.add(cell, `${RDF}rest`, rest);
      return cell;
    },
    shapes.iri(`${RDF}nil`),
  );
}

import type { NamedNode, Quad, Quad_Object, Quad_Subject, Term } from '@rdfjs/types';
import { RDF, SH } from '../rdf/namespaces.ts';
import type { N3, TripleGraph } from '../rdf/triple-graph.ts';

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
 * @param shapes - graph with the paths
 * @param statements - some of its statements
 * @returns the statements with rewritten paths; the original paths stay in them, unused
 */
export function withInversesInward(
  n3: N3,
  shapes: TripleGraph,
  statements: readonly Quad[],
): readonly Quad[] {
  const invertsPath = [...shapes.eachObject(`${SH}inversePath`)].some(
    ({ termType }) => termType === 'BlankNode',
  );
  if (!invertsPath) return statements;
  const rewriting = new PathRewriting(n3, shapes);
  const rewritten = statements.map((quad) =>
    quad.predicate.value === `${SH}path`
      ? rewriting.statement(quad.subject, quad.predicate as NamedNode, rewriting.path(quad.object, false))
      : quad,
  );
  return [...rewritten, ...rewriting.added];
}

/** Rewrites paths of a graph. */
class PathRewriting {
  /** Statements of the paths that were made. */
  readonly added: Quad[] = [];
  readonly #n3: N3;
  readonly #shapes: TripleGraph;

  constructor(n3: N3, shapes: TripleGraph) {
    this.#n3 = n3;
    this.#shapes = shapes;
  }

  path(path: Term, inverted: boolean): Term {
    const shapes = this.#shapes;
    if (path.termType !== 'BlankNode') {
      return inverted ? this.#node(`${SH}inversePath`, path) : path;
    }
    // Lists first, as in the engine: for a node that is several kinds of path at once, only the list counts.
    const steps = shapes.list(path).map((step) => this.path(step, inverted));
    if (steps.length > 0) return this.#list(inverted ? steps.toReversed() : steps);
    const [inner] = shapes.objects(path, `${SH}inversePath`);
    if (inner !== undefined) return this.path(inner, !inverted);
    const [alternatives] = shapes.objects(path, `${SH}alternativePath`);
    if (alternatives !== undefined) {
      const members = shapes.list(alternatives).map((member) => this.path(member, inverted));
      return this.#node(`${SH}alternativePath`, this.#list(members));
    }
    for (const repeating of REPEATING) {
      const [repeated] = shapes.objects(path, repeating);
      if (repeated !== undefined) return this.#node(repeating, this.path(repeated, inverted));
    }
    return path;
  }

  statement(subject: Term, predicate: NamedNode, object: Term): Quad {
    return this.#n3.DataFactory.quad(subject as Quad_Subject, predicate, object as Quad_Object);
  }

  #node(predicate: string, object: Term): Term {
    const subject = this.#n3.DataFactory.blankNode();
    this.added.push(this.statement(subject, this.#shapes.iri(predicate), object));
    return subject;
  }

  #list(members: readonly Term[]): Term {
    return members.reduceRight<Term>(
      (rest, member) => {
        const cell = this.#node(`${RDF}first`, member);
        this.added.push(this.statement(cell, this.#shapes.iri(`${RDF}rest`), rest));
        return cell;
      },
      this.#shapes.iri(`${RDF}nil`),
    );
  }
}

import type { Term } from '@rdfjs/types';
import { RDF, RDFS } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

/**
 * Subclasses by the `rdfs:subClassOf` axioms of the data graph **and** the shapes graph. Axioms of either graph count, so
 * that no instance of a subclass stays unvalidated unnoticed. Cycles (equivalent classes, a class below itself) are
 * allowed.
 */
export class ClassHierarchy {
  readonly #axioms: readonly TripleGraph[];
  readonly #subclasses: Map<string, ReadonlyMap<string, Term>> = new Map();

  constructor(data: TripleGraph, shapes: TripleGraph) {
    this.#axioms = data === shapes ? [data] : [data, shapes];
  }

  /** Returns the class and all its direct and indirect subclasses, by term key. */
  withSubclasses(klass: Term): ReadonlyMap<string, Term> {
    const known = this.#subclasses.get(termKey(klass));
    if (known !== undefined) return known;
    const found = new Map<string, Term>([[termKey(klass), klass]]);
    for (const next of found.values()) {
      for (const graph of this.#axioms) {
        for (const subclass of graph.subjects(`${RDFS}subClassOf`, next)) {
          found.set(termKey(subclass), subclass);
        }
      }
    }
    this.#subclasses.set(termKey(klass), found);
    return found;
  }

  /** Returns the nodes to which a graph gives the class or a subclass as type. */
  *instancesIn(graph: TripleGraph, klass: Term): IterableIterator<Term> {
    for (const each of this.withSubclasses(klass).values()) yield* graph.eachSubject(`${RDF}type`, each);
  }

  /** True when a graph gives the node the class or a subclass as type. */
  isInstance(graph: TripleGraph, node: Term, klass: Term): boolean {
    const accepted = this.withSubclasses(klass);
    return graph.objects(node, `${RDF}type`).some((type) => accepted.has(termKey(type)));
  }
}

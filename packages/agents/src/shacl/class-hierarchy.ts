import type { Term } from '@rdfjs/types';
import { RDF, RDFS } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

/**
 * Which classes are beneath which, by the `rdfs:subClassOf` axioms of the data graph **and** of the shapes graph: an
 * axiom counts wherever it was written down, so that no instance of a subclass goes unvalidated in silence. Cycles
 * (equivalent classes, a class beneath itself) are fine.
 */
export class ClassHierarchy {
  readonly #axioms: readonly TripleGraph[];
  readonly #subclasses: Map<string, ReadonlyMap<string, Term>> = new Map();

  constructor(data: TripleGraph, shapes: TripleGraph) {
    this.#axioms = data === shapes ? [data] : [data, shapes];
  }

  /** The class itself and everything beneath it, by term key. */
  beneath(klass: Term): ReadonlyMap<string, Term> {
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

  /** The nodes a graph types with the class or one beneath it. */
  instancesIn(graph: TripleGraph, klass: Term): Term[] {
    return [...this.beneath(klass).values()].flatMap((each) => graph.subjects(`${RDF}type`, each));
  }

  /** Whether a graph types the node with the class or one beneath it. */
  isInstance(graph: TripleGraph, node: Term, klass: Term): boolean {
    const accepted = this.beneath(klass);
    return graph.objects(node, `${RDF}type`).some((type) => accepted.has(termKey(type)));
  }
}

import type { BlankNode, DatasetCore, NamedNode, Quad, Quad_Object, Quad_Subject, Term } from '@rdfjs/types';
import type * as n3 from 'n3';
import { RDF } from './namespaces.ts';

/** The n3 module, loaded on first use. Makes terms and graphs. */
export type N3 = typeof n3;

/**
 * Triples of all graphs of some documents, with the lookups that validation needs.
 *
 * SHACL validates one graph (SHACL, section 1.3): here the union of the default graph and the named graphs.
 */
export class TripleGraph {
  readonly store: DatasetCore;
  readonly #n3: N3;

  constructor(n3: N3, quads: Iterable<Quad>) {
    this.#n3 = n3;
    this.store = new n3.Store();
    for (const { subject, predicate, object } of quads) {
      // "x"@en-GB and "x"@en-gb are one value: n3's own literals have the language in lower case.
      const isTagged = object.termType === 'Literal' && object.language !== '';
      const value = isTagged ? n3.DataFactory.literal(object.value, object.language) : object;
      this.store.add(n3.DataFactory.quad(subject, predicate, value));
    }
  }

  iri(value: string): NamedNode {
    return this.#n3.DataFactory.namedNode(value);
  }

  blankNode(): BlankNode {
    return this.#n3.DataFactory.blankNode();
  }

  add(subject: Term, predicate: string, object: Term): void {
    const { DataFactory: terms } = this.#n3;
    this.store.add(terms.quad(subject as Quad_Subject, this.iri(predicate), object as Quad_Object));
  }

  objects(subject: Term, predicate: string): Quad_Object[] {
    return [...this.store.match(subject, this.iri(predicate))].map((quad) => quad.object);
  }

  subjects(predicate: string, object: Term | null = null): Quad_Subject[] {
    return [...this.store.match(null, this.iri(predicate), object)].map((quad) => quad.subject);
  }

  /** True for an RDF list that ends, with one first and one rest in each cell (SHACL, section 1.5). */
  isList(head: Term): boolean {
    const seen = new Set<string>();
    let node = head;
    while (node.value !== `${RDF}nil`) {
      const [rest, ...others] = this.objects(node, `${RDF}rest`);
      const isCell = this.objects(node, `${RDF}first`).length === 1 && others.length === 0;
      if (rest === undefined || !isCell || seen.has(node.value)) return false;
      seen.add(node.value);
      node = rest;
    }
    return head.termType !== 'Literal';
  }

  /** Returns the members of an RDF list; none when the term is not a list. */
  list(head: Term): Quad_Object[] {
    const members: Quad_Object[] = [];
    const seen = new Set<string>();
    let node: Term | undefined = head;
    while (node !== undefined && node.value !== `${RDF}nil` && !seen.has(node.value)) {
      seen.add(node.value);
      for (const member of this.objects(node, `${RDF}first`)) members.push(member);
      node = this.objects(node, `${RDF}rest`)[0];
    }
    return members;
  }
}

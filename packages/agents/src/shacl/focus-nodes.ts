import type { Term } from '@rdfjs/types';
import type { TermTable } from '../rdf/term-table.ts';

/** Focus nodes of a shape, without duplicates, as numbers of terms: there can be as many as nodes in the data. */
export class FocusNodes implements Iterable<Term> {
  /** Numbers of the nodes in the table of the data graph's terms. */
  readonly ids: Uint32Array;
  readonly #terms: TermTable;

  /** @param terms - of the data graph; nodes that it does not have are added */
  constructor(terms: TermTable, nodes: Iterable<Iterable<Term>>) {
    const ids = new Set<number>();
    for (const some of nodes) for (const node of some) ids.add(terms.plainIdOf(terms.idOf(node)));
    this.ids = Uint32Array.from(ids);
    this.#terms = terms;
  }

  get length(): number {
    return this.ids.length;
  }

  *[Symbol.iterator](): IterableIterator<Term> {
    for (const id of this.ids) yield this.#terms.term(id);
  }
}

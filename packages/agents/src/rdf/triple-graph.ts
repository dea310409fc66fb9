import type { NamedNode, Quad, Quad_Object, Quad_Subject, Term } from '@rdfjs/types';
import type * as n3 from 'n3';
import { RDF } from './namespaces.ts';
import { QuadTable, areEqualRows, canonicalRanks, orderedRows } from './quad-table.ts';
import type { TermTable } from './term-table.ts';

/** The n3 module, loaded on first use. Makes terms and statements. */
export type N3 = typeof n3;

/** Subject, predicate and object by position. */
type Position = 0 | 1 | 2;

/** Order of the triples. */
interface Index {
  /** Positions, the most significant first. */
  readonly order: readonly [Position, Position, Position];
  /** Triples in this order. */
  readonly rows: Uint32Array;
}

/** Triples that match a pattern. */
export interface Matches extends Iterable<Quad> {
  readonly size: number;
}

/**
 * Triples of all graphs of some documents, with the lookups that validation needs. They cannot be changed.
 *
 * SHACL validates one graph (SHACL, section 1.3): here the union of the default graph and the named graphs.
 *
 * A triple takes three numbers, and another one for each order in which triples were looked up.
 */
export class TripleGraph {
  /** Terms of the graph, and of others that were made of the same table. */
  readonly terms: TermTable;
  readonly #n3: N3;
  /** Subjects, predicates and objects, ordered by these and without duplicates. */
  readonly #columns: readonly Uint32Array[];
  readonly #indexes: (Index | undefined)[] = [];
  readonly #predicateIds: Map<string, number> = new Map();

  /** @param quads - statements; of a table, the terms are used too */
  constructor(n3: N3, quads: Iterable<Quad>) {
    this.#n3 = n3;
    const table = QuadTable.of(n3.DataFactory, quads);
    const { terms, columns } = table;
    this.terms = terms;
    const [subjects, predicates] = columns;
    const objects = columns[2].map((id) => terms.plainIdOf(id));
    const given = [subjects, predicates, objects];
    const sorted = orderedRows(given, terms.size);
    const rows = sorted.filter((row, at) => at === 0 || !areEqualRows(given, row, sorted[at - 1] ?? 0));
    this.#columns = given.map((column) => rows.map((row) => column[row] ?? 0));
  }

  /** Number of triples. */
  get size(): number {
    return this.#columns[0]?.length ?? 0;
  }

  /** This graph, as the engine reads it. */
  get store(): this {
    return this;
  }

  *[Symbol.iterator](): IterableIterator<Quad> {
    for (let row = 0; row < this.size; row += 1) yield this.#quad(row);
  }

  /** Returns the triples that match a pattern, in which null stands for any term. */
  match(subject?: Term | null, predicate?: Term | null, object?: Term | null): Matches {
    const [rows, start, end] = this.#find([subject, predicate, object]);
    const quad = (at: number): Quad => this.#quad(rows === undefined ? at : (rows[at] ?? 0));
    return {
      size: end - start,
      *[Symbol.iterator]() {
        for (let at = start; at < end; at += 1) yield quad(at);
      },
    };
  }

  /** Returns the triples in the order of canonical N-Quads, with labels of blank nodes. */
  *inCanonicalOrder(labels: ReadonlyMap<string, string>): IterableIterator<Quad> {
    const ranks = canonicalRanks(this.terms, this.#columns, labels);
    const ranked = this.#columns.map((column) => column.map((id) => ranks[id] ?? 0));
    for (const row of orderedRows(ranked, this.terms.size)) yield this.#quad(row);
  }

  iri(value: string): NamedNode {
    return this.#n3.DataFactory.namedNode(value);
  }

  objects(subject: Term, predicate: string): Quad_Object[] {
    return [...this.#terms(2, [subject, this.iri(predicate), null])] as Quad_Object[];
  }

  subjects(predicate: string, object: Term | null = null): Quad_Subject[] {
    return [...this.eachSubject(predicate, object)];
  }

  /** Returns the same as {@link subjects}, one by one; a node with several objects several times. */
  eachSubject(predicate: string, object: Term | null = null): IterableIterator<Quad_Subject> {
    return this.#terms(0, [null, this.iri(predicate), object]) as IterableIterator<Quad_Subject>;
  }

  /** Returns the objects of a predicate, one by one; a node with several subjects several times. */
  eachObject(predicate: string): IterableIterator<Quad_Object> {
    return this.#terms(2, [null, this.iri(predicate), null]) as IterableIterator<Quad_Object>;
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

  #quad(row: number): Quad {
    const [subject, predicate, object] = this.#columns.map((column) => this.terms.term(column[row] ?? 0));
    return this.#n3.DataFactory.quad(
      subject as Quad['subject'],
      predicate as Quad['predicate'],
      object as Quad['object'],
    );
  }

  /** Returns the terms at a position of the triples that match a pattern. */
  *#terms(position: Position, pattern: readonly (Term | null)[]): IterableIterator<Term> {
    const [rows, start, end] = this.#find(pattern);
    const column = this.#columns[position];
    for (let at = start; at < end; at += 1)
      yield this.terms.term(column?.[rows === undefined ? at : (rows[at] ?? 0)] ?? 0);
  }

  /** Returns an order of the triples, `undefined` for that of the columns, and the range in it that matches a pattern. */
  #find(
    pattern: readonly (Term | null | undefined)[],
  ): [rows: Uint32Array | undefined, start: number, end: number] {
    const ids = pattern.map((term, position) => {
      if (term === null || term === undefined) return null;
      return position === 1 ? this.#predicateId(term) : this.terms.find(term);
    });
    if (ids.includes(-1)) return [undefined, 0, 0];
    const [subject, predicate, object] = ids;
    const index = this.#index(indexFor(subject !== null, predicate !== null, object !== null));
    const wanted = index.order.map((position) => ids[position] ?? null);
    const known = wanted.slice(0, wanted.includes(null) ? wanted.indexOf(null) : 3) as number[];
    const start = this.#lowerBound(index, known, false);
    return [index.order[0] === 0 ? undefined : index.rows, start, this.#lowerBound(index, known, true)];
  }

  /** Returns the number of a predicate. There are few, and they are asked for again and again. */
  #predicateId(term: Term): number {
    const known = this.#predicateIds.get(term.value);
    if (known !== undefined) return known;
    const id = this.terms.find(term);
    this.#predicateIds.set(term.value, id);
    return id;
  }

  /** Returns the first position whose triple is not before some ids; with `after`, the first that is after them. */
  #lowerBound({ order, rows }: Index, ids: readonly number[], after: boolean): number {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = order[0] === 0 ? middle : (rows[middle] ?? 0);
      let difference = 0;
      for (let depth = 0; depth < ids.length && difference === 0; depth += 1)
        difference = (this.#columns[order[depth] ?? 0]?.[row] ?? 0) - (ids[depth] ?? 0);
      if (difference < 0 || (after && difference === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns an index, which is made when it is first used. */
  #index(first: Position): Index {
    const known = this.#indexes[first];
    if (known !== undefined) return known;
    const order = ORDERS[first];
    const columns = order.flatMap((position) => this.#columns[position] ?? []);
    const rows = first === 0 ? new Uint32Array() : orderedRows(columns, this.terms.size);
    return (this.#indexes[first] = { order, rows });
  }
}

const ORDERS = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
] as const;

/** Returns the first position of the order in which what is known comes first. */
function indexFor(hasSubject: boolean, hasPredicate: boolean, hasObject: boolean): Position {
  if (hasSubject) return hasObject && !hasPredicate ? 2 : 0;
  if (hasPredicate) return 1;
  return hasObject ? 2 : 0;
}

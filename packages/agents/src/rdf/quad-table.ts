import type { DataFactory, Quad } from '@rdfjs/types';
import { TermTable, doubled } from './term-table.ts';
import { compareText } from './terms.ts';

/** Statements as numbers of terms, four for each. */
export class QuadTable implements Iterable<Quad> {
  readonly terms: TermTable;
  readonly #factory: DataFactory;
  readonly #columns: Uint32Array[] = Array.from({ length: 4 }, () => new Uint32Array(64));
  #size = 0;

  /** @param terms - may be shared with other tables */
  constructor(factory: DataFactory, terms: TermTable = new TermTable(factory)) {
    this.#factory = factory;
    this.terms = terms;
  }

  /** Makes a table of statements, with terms of its own. A table is returned as it is. */
  static of(factory: DataFactory, quads: Iterable<Quad>): QuadTable {
    if (quads instanceof QuadTable) return quads;
    const table = new QuadTable(factory);
    for (const quad of quads) table.add(quad);
    return table;
  }

  /** Number of statements; one that occurs several times counts each time. */
  get size(): number {
    return this.#size;
  }

  /** Columns of subjects, predicates, objects and graphs. */
  get columns(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
    const [subjects, predicates, objects, graphs] = this.#columns.map((column) =>
      column.subarray(0, this.#size),
    );
    if (!subjects || !predicates || !objects || !graphs) throw new RangeError('a column is missing');
    return [subjects, predicates, objects, graphs];
  }

  add({ subject, predicate, object, graph }: Quad): void {
    const { terms } = this;
    this.#addRow([terms.idOf(subject), terms.idOf(predicate), terms.idOf(object), terms.idOf(graph)]);
  }

  /** Adds the statements of a table with the same terms. */
  addAll(other: QuadTable): void {
    const { columns } = other;
    for (let row = 0; row < other.size; row += 1) this.#addRow(columns.map((column) => column[row] ?? 0));
  }

  quad(row: number): Quad {
    const [subject, predicate, object, graph] = this.#columns.map((column) =>
      this.terms.term(column[row] ?? 0),
    );
    return this.#factory.quad(
      subject as Quad['subject'],
      predicate as Quad['predicate'],
      object as Quad['object'],
      graph as Quad['graph'],
    );
  }

  *[Symbol.iterator](): IterableIterator<Quad> {
    for (let row = 0; row < this.#size; row += 1) yield this.quad(row);
  }

  /** Returns the statements with a predicate, and with an IRI as object if one is given. */
  *withPredicate(predicateIri: string, objectIri?: string): IterableIterator<Quad> {
    const idOf = (iri: string): number => this.terms.find(this.#factory.namedNode(iri));
    const predicate = idOf(predicateIri);
    const wanted = objectIri === undefined ? undefined : idOf(objectIri);
    const [, predicates, objects] = this.columns;
    for (let row = predicates.indexOf(predicate); row >= 0; row = predicates.indexOf(predicate, row + 1))
      if (wanted === undefined || objects[row] === wanted) yield this.quad(row);
  }

  #addRow(ids: readonly number[]): void {
    for (const [position, id] of ids.entries()) {
      let column = this.#columns[position] ?? new Uint32Array(64);
      if (column.length === this.#size) this.#columns[position] = column = doubled(column);
      column[this.#size] = id;
    }
    this.#size += 1;
  }
}

/**
 * Orders rows by several columns, the first the most significant. Rows that are equal keep their order.
 *
 * @param maxId - more than every number in the columns
 */
export function orderedRows(columns: readonly Uint32Array[], maxId: number): Uint32Array {
  const size = columns[0]?.length ?? 0;
  let rows = Uint32Array.from({ length: size }, (_, row) => row);
  // Counting sort, by the least significant column first.
  for (const column of columns.toReversed()) {
    const ends = new Uint32Array(maxId + 1);
    for (const id of column) ends[id + 1] = (ends[id + 1] ?? 0) + 1;
    for (let id = 0; id < maxId; id += 1) ends[id + 1] = (ends[id + 1] ?? 0) + (ends[id] ?? 0);
    const sorted = new Uint32Array(size);
    for (const row of rows) {
      const id = column[row] ?? 0;
      const at = ends[id] ?? 0;
      sorted[at] = row;
      ends[id] = at + 1;
    }
    rows = sorted;
  }
  return rows;
}

/** True when two rows are equal in all columns. */
export function areEqualRows(columns: readonly Uint32Array[], a: number, b: number): boolean {
  return columns.every((column) => column[a] === column[b]);
}

/**
 * Returns the position of each term among the terms of some columns, in the order of canonical N-Quads. Their lines then have
 * the order of their positions: no term is the beginning of another, followed by less than a space.
 *
 * @param labels - canonical labels of blank nodes
 */
export function canonicalRanks(
  terms: TermTable,
  columns: readonly Uint32Array[],
  labels: ReadonlyMap<string, string>,
): Uint32Array {
  const isUsed = new Uint8Array(terms.size);
  for (const column of columns) for (const id of column) isUsed[id] = 1;
  const named: number[] = [];
  const blank: number[] = [];
  for (let id = 0; id < terms.size; id += 1) {
    if (isUsed[id] === 1) (terms.isBlankNode(id) ? blank : named).push(id);
  }
  const sorted = Uint32Array.from(named).toSorted((a, b) => terms.compare(a, b));
  const labelled = blank
    .map((id) => ({ id, label: labelOf(terms, id, labels) }))
    .toSorted((a, b) => compareText(a.label, b.label));
  const ranks = new Uint32Array(terms.size);
  let rank = 0;
  for (const id of sorted) ranks[id] = rank++;
  // "_" comes after `"` and "<".
  for (const { id } of labelled) ranks[id] = rank++;
  return ranks;
}

/** Returns the label of a blank node, with its sign. */
export function labelOf(terms: TermTable, id: number, labels: ReadonlyMap<string, string>): string {
  const text = terms.text(id);
  const label = labels.get(text.slice(2));
  return label === undefined ? text : `_:${label}`;
}

import type { Quad, Term } from '@rdfjs/types';
import { blankNodesIn, hasBlankNode, literalInLanguage, renderTerm } from '../rdf/terms.ts';
import type { N3, TripleGraph } from '../rdf/triple-graph.ts';
import { type Oxigraph, callOxigraph } from './oxigraph.ts';
import type { QueryText } from './query-text.ts';

/** Values of variables, by name without the sign. */
export type Bindings = ReadonlyMap<string, Term>;

/** Query that can be evaluated. */
export interface PreparedQuery {
  readonly text: QueryText;
  /** Declarations of its prefixes, as SPARQL writes them. */
  readonly prefixes: string;
}

/** Rows that a query may return for one focus node. */
export const MAX_ROWS = 100_000;

/** Rows that all queries of a run may return. Each one that is a result takes memory until the end of the run. */
export const MAX_TOTAL_ROWS = 1_000_000;

/** IRIs of our own in the dataset. */
const OWN = 'https://ggen-sim.invalid/';
/** IRI of the shapes graph. */
export const SHAPES_GRAPH: string = `${OWN}shapes-graph`;
/** Graph with terms that no query can write: blank nodes, and IRIs with characters that SPARQL does not allow. */
const TERMS_GRAPH = `${OWN}terms`;
/** Statements that are written at once, so that no text becomes too long. */
const BATCH = 10_000;
const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** Thrown when a query returns more than {@link MAX_ROWS}, or all of them more than {@link MAX_TOTAL_ROWS}. */
export class TooManyRows extends Error {
  override readonly name = 'TooManyRows';
}

/** Data graph and shapes graph, as SPARQL queries read them. */
export class QueryGraph {
  readonly #oxigraph: Oxigraph;
  readonly #n3: N3;
  readonly #store: InstanceType<Oxigraph['Store']>;
  readonly #maxRows: number;
  readonly #maxTotalRows: number;
  #totalRows = 0;
  /** Number in the terms graph of each term that no query can write. */
  readonly #unwritable: Map<string, number> = new Map();
  readonly #blankNodes: Set<string> = new Set();

  constructor(oxigraph: Oxigraph, n3: N3, maxRows: number = MAX_ROWS, maxTotalRows: number = MAX_TOTAL_ROWS) {
    this.#oxigraph = oxigraph;
    this.#n3 = n3;
    this.#store = new oxigraph.Store();
    this.#maxRows = maxRows;
    this.#maxTotalRows = maxTotalRows;
  }

  /**
   * Adds a graph: the data graph without a name, the shapes graph as {@link SHAPES_GRAPH}.
   *
   * @param labels - canonical labels of its blank nodes; the statements are added in the order that they give, because
   *   what `SAMPLE`, `GROUP_CONCAT` and `LIMIT` return depends on it
   */
  add(graph: TripleGraph, name?: string, labels: ReadonlyMap<string, string> = NO_LABELS): void {
    const graphName = name === undefined ? '' : ` <${name}>`;
    let lines: string[] = [];
    const write = (): void => {
      // What n3 took for an IRI is one here too.
      this.#store.load(lines.join(''), { format: 'application/n-quads', lenient: true });
      lines = [];
    };
    for (const { subject, predicate, object } of graph.inCanonicalOrder(labels)) {
      // Oxigraph gives blank nodes of a text other labels.
      if (hasBlankNode(subject) || hasBlankNode(object)) {
        this.#addQuad(subject, predicate, object, name);
        continue;
      }
      const line = `${renderTerm(subject, NO_LABELS)} <${predicate.value}> ${renderTerm(object, NO_LABELS)}`;
      lines.push(`${line}${graphName} .\n`);
      if (lines.length === BATCH) write();
    }
    write();
  }

  /**
   * Evaluates a `SELECT` with the values of pre-bound variables.
   *
   * @param path - takes the place of `$PATH`, as SPARQL writes it
   * @throws {TooManyRows}
   */
  select(query: PreparedQuery, bindings: Bindings, path?: string): Bindings[] {
    const rows = this.#evaluate(query, bindings, path) as Map<string, Term>[];
    if (rows.length > this.#maxRows) throw new TooManyRows(`a query returns more than ${this.#maxRows} rows`);
    this.#totalRows += rows.length;
    if (this.#totalRows > this.#maxTotalRows)
      throw new TooManyRows(`the queries of this run return more than ${this.#maxTotalRows} rows in all`);
    return rows.map((row) => new Map([...row].map(([name, term]) => [name, this.#ownTerm(term)])));
  }

  /** Evaluates an `ASK` with the values of pre-bound variables. */
  ask(query: PreparedQuery, bindings: Bindings, path?: string): boolean {
    return this.#evaluate(query, bindings, path) as boolean;
  }

  #evaluate({ text, prefixes }: PreparedQuery, bindings: Bindings, path: string | undefined): unknown {
    const used = [...bindings].filter(([name]) => text.variables.has(name));
    const written = prefixes + text.written(this.#inEachGroup(used), path, this.#maxRows);
    return callOxigraph(text.source, () => this.#store.query(written));
  }

  /** Writes the values of variables. Joined to each group, they are what SHACL defines as pre-binding (appendix A). */
  #inEachGroup(bindings: readonly (readonly [string, Term])[]): string {
    const [written, unwritable]: [(readonly [string, string])[], string[]] = [[], []];
    for (const [name, term] of bindings) {
      if (isWritable(term)) written.push([name, renderTerm(term, NO_LABELS)]);
      else unwritable.push(`<${this.#termNode(term)}> <${OWN}is> ?${name} .`);
    }
    const names = written.map(([name]) => `?${name}`).join(' ');
    const values = written.map(([, term]) => term).join(' ');
    return [
      written.length === 0 ? '' : `VALUES (${names}) { (${values}) }`,
      unwritable.length === 0 ? '' : `GRAPH <${TERMS_GRAPH}> { ${unwritable.join(' ')} }`,
    ].join(' ');
  }

  #termNode(term: Term): string {
    const key = renderTerm(term, NO_LABELS);
    const known = this.#unwritable.get(key);
    const number = known ?? this.#unwritable.size;
    const node = `${OWN}term/${number}`;
    if (known === undefined) {
      this.#unwritable.set(key, number);
      const { DataFactory: terms } = this.#n3;
      this.#addQuad(terms.namedNode(node), terms.namedNode(`${OWN}is`), term, TERMS_GRAPH);
    }
    return node;
  }

  #addQuad(subject: Term, predicate: Term, object: Term, graph: string | undefined): void {
    for (const term of [subject, object])
      for (const { value } of blankNodesIn(term)) this.#blankNodes.add(value);
    const { DataFactory: terms } = this.#n3;
    const graphTerm = graph === undefined ? terms.defaultGraph() : terms.namedNode(graph);
    const quad = terms.quad(
      subject as Quad['subject'],
      predicate as Quad['predicate'],
      object as Quad['object'],
      graphTerm,
    );
    this.#store.add(this.#oxigraph.fromQuad(quad));
  }

  /** Copies a term out of oxigraph's memory. */
  #ownTerm(term: Term): Term {
    const { DataFactory: terms } = this.#n3;
    switch (term.termType) {
      case 'NamedNode':
        return terms.namedNode(term.value);
      case 'Literal':
        return term.language === ''
          ? terms.literal(term.value, terms.namedNode(term.datatype.value))
          : literalInLanguage(term.value, term, terms);
      case 'Quad':
        return terms.quad(
          this.#ownTerm(term.subject) as Quad['subject'],
          this.#ownTerm(term.predicate) as Quad['predicate'],
          this.#ownTerm(term.object) as Quad['object'],
        );
      default:
        // A node that the query itself made has another label in each run.
        return terms.blankNode(this.#blankNodes.has(term.value) ? term.value : 'made-by-query');
    }
  }
}

function isWritable(term: Term): boolean {
  if (term.termType === 'Literal') return isWritable(term.datatype);
  // eslint-disable-next-line no-control-regex -- the characters that SPARQL's grammar excludes
  return term.termType === 'NamedNode' && !/[<>"{}|^`\\\u0000-\u0020]/.test(term.value);
}

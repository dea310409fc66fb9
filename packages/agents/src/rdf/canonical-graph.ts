import type { Quad } from '@rdfjs/types';
import type { Pauses } from '../pauses.ts';
import { sha256Parts } from '../sha256.ts';
import { type QuadTable, areEqualRows, canonicalRanks, labelOf, orderedRows } from './quad-table.ts';
import { blankNodesIn } from './terms.ts';

/** Size, hash and blank node labels of a graph, which depend on the graph alone. */
export interface CanonicalGraph {
  /** SHA-256 of the canonical N-Quads, 64 hex digits; `null` when the graph has no canonical form, see `unhashed`. */
  readonly sha256: string | null;
  readonly quads: number;
  readonly blankNodes: number;
  /**
   * Canonical labels (`c14n0`, `c14n1`, …) by the labels that the parser gave. Without a hash, labels by the order of the
   * statements (`b0`, `b1`, …), which depend on the documents.
   */
  readonly labels: ReadonlyMap<string, string>;
  /** Reason why there is no hash; `null` when there is one. */
  readonly unhashed: UnhashedReason | null;
}

/** Reason why a graph has no hash. */
export interface UnhashedReason {
  readonly code: 'CANONICALIZATION_LIMIT' | 'UNSUPPORTED_RDF';
  readonly message: string;
}

/** Bytes that are hashed at once. */
const BATCH = 2 ** 16;

/**
 * Labels a graph's blank nodes and hashes the graph, by RDFC-1.0 with SHA-256 (W3C RDF Dataset Canonicalization). A graph
 * whose labelling takes too much work gets no hash, and nor does one with terms of RDF 1.2 alone, for which the algorithm has
 * no form.
 *
 * Only statements with blank nodes go through the algorithm: the others have one form. In large graphs these are nearly all.
 * With the labels, all lines are sorted as numbers and hashed one by one, so no text of the graph is made.
 *
 * @param quads - may contain a statement several times
 * @param name - of the graph, for the reason
 * @throws {AgentError} ABORTED
 */
export async function canonicalizeGraph(
  quads: QuadTable,
  name: string,
  pauses: Pauses,
): Promise<CanonicalGraph> {
  const { BoundedRdfc10, WorkLimitExceeded } = await import('./bounded-rdfc10.ts');
  const distinct = distinctRows(quads);
  const labelled = quadsWithBlankNodes(quads, distinct);
  const withoutHash = (unhashed: UnhashedReason): CanonicalGraph => {
    const labels = labelsInOrder(labelled);
    return { sha256: null, quads: distinct.length, blankNodes: labels.size, labels, unhashed };
  };
  const ofRdf12 = termsOfRdf12(quads);
  if (ofRdf12 !== undefined) {
    const message = `RDFC-1.0 has no form for the ${ofRdf12} of RDF 1.2 in the ${name}`;
    return withoutHash({ code: 'UNSUPPORTED_RDF', message });
  }
  const labels = new Map<string, string>();
  try {
    if (labelled.length > 0) await new BoundedRdfc10(labels, pauses).main(labelled);
    await pauses.pauseIfDue();
    return {
      sha256: await hashOf(quads, labels, pauses),
      quads: distinct.length,
      blankNodes: labels.size,
      labels,
      unhashed: null,
    };
  } catch (cause) {
    if (!(cause instanceof WorkLimitExceeded)) throw cause;
    const message = `The blank nodes of the ${name} are too alike to be told apart: ${cause.message}`;
    return withoutHash({ code: 'CANONICALIZATION_LIMIT', message });
  }
}

/** Returns the rows of statements that do not occur before, in their order. */
function distinctRows({ columns, terms }: QuadTable): Uint32Array {
  const sorted = orderedRows(columns, terms.size);
  return sorted.filter((row, at) => at === 0 || !areEqualRows(columns, row, sorted[at - 1] ?? 0)).toSorted();
}

/** Names the terms of a graph that RDF 1.1 does not have; `undefined` when there are none. */
function termsOfRdf12({ columns, terms }: QuadTable): string | undefined {
  const [, , objects] = columns;
  const found = [
    ...(objects.some((id) => terms.isTripleTerm(id)) ? ['triple terms'] : []),
    ...(objects.some((id) => terms.hasDirection(id)) ? ['base directions'] : []),
  ];
  return found.length === 0 ? undefined : found.join(' and ');
}

/** Returns the statements with blank nodes, and those whose triple terms may have some. */
function quadsWithBlankNodes(quads: QuadTable, rows: Uint32Array): Quad[] {
  const [subjects, , objects, graphs] = quads.columns;
  const found: Quad[] = [];
  for (const row of rows) {
    const hasSome = [subjects, objects, graphs].some((column) => quads.terms.isBlankNode(column[row] ?? 0));
    if (hasSome || quads.terms.isTripleTerm(objects[row] ?? 0)) found.push(quads.quad(row));
  }
  return found;
}

/** Hashes the lines of canonical N-Quads, in their order. */
async function hashOf(
  { columns, terms }: QuadTable,
  labels: ReadonlyMap<string, string>,
  pauses: Pauses,
): Promise<string> {
  const ranks = canonicalRanks(terms, columns, labels);
  await pauses.pauseIfDue();
  const ranked = columns.map((column) => column.map((id) => ranks[id] ?? 0));
  const rows = orderedRows(ranked, terms.size);
  const lines = new LineHash();
  let previous: number | undefined;
  for (const row of rows) {
    if (previous !== undefined && areEqualRows(ranked, row, previous)) continue;
    previous = row;
    for (const column of columns) {
      const id = column[row] ?? 0;
      const bytes = terms.isBlankNode(id)
        ? new TextEncoder().encode(labelOf(terms, id, labels))
        : terms.bytes(id);
      // The default graph is no part of a line.
      if (bytes.length > 0) lines.addTerm(bytes);
    }
    if (lines.endLine()) await pauses.pauseIfDue();
  }
  return lines.hex();
}

/** Hash of lines that come term by term. */
class LineHash {
  readonly #hash = sha256Parts();
  readonly #buffer: Uint8Array = new Uint8Array(BATCH);
  #length = 0;

  addTerm(bytes: Uint8Array): void {
    if (this.#length + bytes.length + LINE_END.length >= BATCH) this.#flush();
    if (bytes.length + LINE_END.length >= BATCH) {
      this.#hash.addBytes(bytes);
    } else {
      this.#buffer.set(bytes, this.#length);
      this.#length += bytes.length;
    }
    this.#buffer[this.#length++] = SPACE;
  }

  /** Ends a line. Returns true when so much was added that a pause may be due. */
  endLine(): boolean {
    this.#buffer.set(LINE_END, this.#length);
    this.#length += LINE_END.length;
    const isLong = this.#length > BATCH / 2;
    if (isLong) this.#flush();
    return isLong;
  }

  hex(): string {
    this.#flush();
    return this.#hash.hex();
  }

  #flush(): void {
    this.#hash.addBytes(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }
}

const SPACE = 0x20;
const LINE_END: Uint8Array = new TextEncoder().encode('.\n');

function labelsInOrder(quads: readonly Quad[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { subject, object, graph } of quads) {
    for (const term of [subject, object, graph])
      for (const { value } of blankNodesIn(term))
        if (!labels.has(value)) labels.set(value, `b${labels.size}`);
  }
  return labels;
}

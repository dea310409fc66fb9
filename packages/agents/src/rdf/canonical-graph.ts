import type { Quad } from '@rdfjs/types';
import type { Pauses } from '../pauses.ts';
import { sha256Parts } from '../sha256.ts';
import { distinctQuads } from './terms.ts';

/** Size, hash and blank node labels of a graph, which depend on the graph alone. */
export interface CanonicalGraph {
  /** SHA-256 of the canonical N-Quads, 64 hex digits; `null` when the blank nodes could not be labelled. */
  readonly sha256: string | null;
  readonly quads: number;
  readonly blankNodes: number;
  /**
   * Canonical labels (`c14n0`, `c14n1`, …) by the labels that the parser gave. Without a hash, labels by the order of the
   * statements (`b0`, `b1`, …), which depend on the documents.
   */
  readonly labels: ReadonlyMap<string, string>;
  /** Reason why there is no hash; `null` when there is one. */
  readonly unhashedReason: string | null;
}

/** Lines that are hashed at once. */
const BATCH = 1000;

/**
 * Labels a graph's blank nodes and hashes the graph, by RDFC-1.0 with SHA-256 (W3C RDF Dataset Canonicalization). A graph
 * whose labelling takes too much work gets no hash.
 *
 * Only statements with blank nodes go through the algorithm: the others have one form, so their lines are sorted and hashed
 * with the result. In large graphs these are nearly all.
 *
 * @param quads - may contain a statement several times
 * @param name - of the graph, for the reason
 * @throws {AgentError} ABORTED
 */
export async function canonicalizeGraph(
  quads: Iterable<Quad>,
  name: string,
  pauses: Pauses,
): Promise<CanonicalGraph> {
  const { BoundedRdfc10, WorkLimitExceeded } = await import('./bounded-rdfc10.ts');
  const { default: NQuads } = await import('rdf-canonize/lib/NQuads.js');
  const lines: string[] = [];
  const labelled: Quad[] = [];
  for (const quad of quads) {
    if (hasBlankNode(quad)) labelled.push(quad);
    else lines.push(NQuads.serializeQuad(quad));
  }
  const ground = sortedDistinct(lines);
  const distinct = distinctQuads(labelled);
  const size = ground.length + distinct.length;
  const labels = new Map<string, string>();
  try {
    const nquads = await new BoundedRdfc10(labels, pauses).main(distinct);
    return {
      sha256: hashOf(ground, nquads.split(/(?<=\n)/)),
      quads: size,
      blankNodes: labels.size,
      labels,
      unhashedReason: null,
    };
  } catch (cause) {
    if (!(cause instanceof WorkLimitExceeded)) throw cause;
    const inOrder = labelsInOrder(distinct);
    return {
      sha256: null,
      quads: size,
      blankNodes: inOrder.size,
      labels: inOrder,
      unhashedReason: `The blank nodes of the ${name} are too alike to be told apart: ${cause.message}`,
    };
  }
}

function hasBlankNode({ subject, object, graph }: Quad): boolean {
  return [subject, object, graph].some(({ termType }) => termType === 'BlankNode');
}

/** Sorts lines in place, by UTF-16 unit as rdf-canonize does, and leaves out those that occur before. */
function sortedDistinct(lines: string[]): string[] {
  // oxlint-disable-next-line unicorn/no-array-sort -- a copy of a large graph's lines would take much memory
  lines.sort();
  return lines.filter((line, index) => line !== lines[index - 1]);
}

/** Hashes two sorted lists of lines as one. */
function hashOf(ground: readonly string[], others: readonly string[]): string {
  const lines = others.length === 0 ? ground : sortedDistinct([...ground, ...others]);
  const hash = sha256Parts();
  for (let start = 0; start < lines.length; start += BATCH)
    hash.add(lines.slice(start, start + BATCH).join(''));
  return hash.hex();
}

function labelsInOrder(quads: readonly Quad[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { subject, object, graph } of quads) {
    for (const { termType, value } of [subject, object, graph]) {
      if (termType === 'BlankNode' && !labels.has(value)) labels.set(value, `b${labels.size}`);
    }
  }
  return labels;
}

import type { Quad } from '@rdfjs/types';
import type { Pauses } from '../pauses.ts';
import { sha256Hex } from '../sha256.ts';
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

/**
 * Labels a graph's blank nodes and hashes the graph, by RDFC-1.0 with SHA-256 (W3C RDF Dataset Canonicalization). A graph
 * whose labelling takes too much work gets no hash.
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
  const distinct = distinctQuads(quads);
  const labels = new Map<string, string>();
  try {
    const nquads = await new BoundedRdfc10(labels, pauses).main(distinct);
    return {
      sha256: sha256Hex(nquads),
      quads: distinct.length,
      blankNodes: labels.size,
      labels,
      unhashedReason: null,
    };
  } catch (cause) {
    if (!(cause instanceof WorkLimitExceeded)) throw cause;
    const inOrder = labelsInOrder(distinct);
    return {
      sha256: null,
      quads: distinct.length,
      blankNodes: inOrder.size,
      labels: inOrder,
      unhashedReason: `The blank nodes of the ${name} are too alike to be told apart: ${cause.message}`,
    };
  }
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

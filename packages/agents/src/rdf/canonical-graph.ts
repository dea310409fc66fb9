import type { DatasetCore } from '@rdfjs/types';
import { AgentError } from '../errors.ts';
import type { Pauses } from '../pauses.ts';
import { sha256Hex } from '../sha256.ts';

/** Size, hash and blank node labels of a graph, which depend on the graph alone. */
export interface CanonicalGraph {
  /** SHA-256 of the canonical N-Quads, 64 hex digits. */
  readonly sha256: string;
  readonly quads: number;
  readonly blankNodes: number;
  /** Canonical labels (`c14n0`, `c14n1`, …) by the labels that the parser gave. */
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * Labels a graph's blank nodes and hashes the graph, by RDFC-1.0 with SHA-256 (W3C RDF Dataset Canonicalization).
 *
 * @param name - of the graph, for the error message
 * @throws {AgentError} CANONICALIZATION_LIMIT, ABORTED
 */
export async function canonicalizeGraph(
  graph: DatasetCore,
  name: string,
  pauses: Pauses,
): Promise<CanonicalGraph> {
  const { BoundedRdfc10, WorkLimitExceeded } = await import('./bounded-rdfc10.ts');
  const labels = new Map<string, string>();
  try {
    const nquads = await new BoundedRdfc10(labels, pauses).main([...graph]);
    return { sha256: sha256Hex(nquads), quads: graph.size, blankNodes: labels.size, labels };
  } catch (cause) {
    if (!(cause instanceof WorkLimitExceeded)) throw cause;
    throw new AgentError(
      'CANONICALIZATION_LIMIT',
      `The blank nodes of the ${name} are too alike to be told apart: ${cause.message}`,
      { cause, hint: 'Give some of them IRIs, or properties that differ.' },
    );
  }
}

import type { DatasetCore } from '@rdfjs/types';
import { AgentError } from '../errors.ts';
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
 * Exponent of the work limit: at most (blank nodes that look alike)² deep comparisons. Common graphs stay linear. Only
 * graphs made to be hard ("poison graphs") reach the square.
 */
const MAX_WORK_FACTOR = 2;

/**
 * Labels a graph's blank nodes and hashes the graph, by RDFC-1.0 with SHA-256 (W3C RDF Dataset Canonicalization).
 *
 * @param name - of the graph, for the error message
 * @throws {AgentError} CANONICALIZATION_LIMIT, ABORTED
 */
export async function canonicalizeGraph(
  graph: DatasetCore,
  name: string,
  signal?: AbortSignal,
): Promise<CanonicalGraph> {
  const { canonize } = await import('rdf-canonize');
  const labels = new Map<string, string>();
  try {
    const nquads = await canonize([...graph], {
      algorithm: 'RDFC-1.0',
      createMessageDigest: messageDigest,
      canonicalIdMap: labels,
      maxWorkFactor: MAX_WORK_FACTOR,
      ...(signal === undefined ? {} : { signal }),
    });
    return { sha256: sha256Hex(nquads), quads: graph.size, blankNodes: labels.size, labels };
  } catch (cause) {
    if (signal?.aborted === true) throw new AgentError('ABORTED', 'The run was aborted', { cause });
    if (!(cause instanceof Error && /deep iterations/i.test(cause.message))) throw cause;
    throw new AgentError(
      'CANONICALIZATION_LIMIT',
      `The blank nodes of the ${name} are too alike to be told apart`,
      {
        cause,
        hint: 'Give some of them IRIs, or properties that differ.',
      },
    );
  }
}

function messageDigest(): { update(text: string): void; digest(): string } {
  let message = '';
  return {
    update: (text) => {
      message += text;
    },
    digest: () => sha256Hex(message),
  };
}

import type { DatasetCore } from '@rdfjs/types';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { AgentError } from '../errors.ts';

/** A graph with labels that depend on nothing but the graph. */
export interface CanonicalGraph {
  /** SHA-256 of the canonical N-Quads, 64 hex digits. */
  readonly sha256: string;
  readonly quads: number;
  readonly blankNodes: number;
  /** A blank node's label as parsed to its canonical one (`c14n0`, `c14n1`, …). */
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * How much work labelling may take: at most (blank nodes that look alike)² deep comparisons. Common graphs stay
 * linear; only graphs made to be hard ("poison") reach the square.
 */
const MAX_WORK_FACTOR = 2;

/**
 * Labels a graph's blank nodes and hashes it, by RDFC-1.0 with SHA-256 (W3C RDF Dataset Canonicalization).
 *
 * The digest is JavaScript's own on every platform: Web Crypto is missing on plain http pages.
 *
 * @throws {AgentError} CANONICALIZATION_LIMIT, ABORTED
 */
export async function canonicalizeGraph(
  graph: DatasetCore,
  what: string,
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
    const hash = bytesToHex(sha256(new TextEncoder().encode(nquads)));
    return { sha256: hash, quads: graph.size, blankNodes: labels.size, labels };
  } catch (cause) {
    if (signal?.aborted === true) throw new AgentError('ABORTED', 'The run was aborted', { cause });
    if (!(cause instanceof Error && /deep iterations/i.test(cause.message))) throw cause;
    throw new AgentError(
      'CANONICALIZATION_LIMIT',
      `The blank nodes of the ${what} are too alike to be told apart`,
      {
        cause,
        hint: 'Give some of them IRIs, or properties that differ.',
      },
    );
  }
}

function messageDigest(): { update(text: string): void; digest(): string } {
  const hash = sha256.create();
  return {
    update: (text) => {
      hash.update(new TextEncoder().encode(text));
    },
    digest: () => bytesToHex(hash.digest()),
  };
}

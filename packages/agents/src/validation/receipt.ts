import type { ReceiptStatus } from '@ggen-sim/core';
import type { AgentErrorCode } from '../errors.ts';
import type { RdfFormat } from '../rdf/input-file.ts';

/** Input document of a run. */
export interface ReceiptInput {
  /** Last part of the name, without folders. */
  readonly name: string;
  readonly role: 'spec' | 'shapes' | 'import' | 'gates';
  /** IRI by which other documents import it, and the base of its relative IRIs. */
  readonly iri?: string;
  /** Prefixes that were given with a query. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** `null` when it is unknown. */
  readonly format: RdfFormat | 'SPARQL' | null;
  /** `null` when it could not be read. */
  readonly bytes: number | null;
  /** SHA-256 of the bytes, 64 hex digits; `null` when it could not be read. */
  readonly sha256: string | null;
  /** `null` when the run ended before the document was parsed. */
  readonly quads: number | null;
}

/** Graph of a run. */
export interface ReceiptGraph {
  /**
   * SHA-256 of the canonical N-Quads (RDFC-1.0), 64 hex digits; `null` when its blank nodes are too alike, or when it has
   * triple terms or base directions of RDF 1.2, see `error`. Then blank nodes have labels by their order in the documents,
   * and there is no `findings_hash`.
   */
  readonly sha256: string | null;
  readonly quads: number;
  readonly blank_nodes: number;
  /** Reason why there is no hash. */
  readonly error?: {
    readonly code: 'CANONICALIZATION_LIMIT' | 'UNSUPPORTED_RDF';
    readonly message: string;
  };
}

/** Counts of shapes, focus nodes and results. */
export interface ReceiptCounts {
  /** Node shapes and property shapes, nested ones included. */
  readonly shapes: number;
  /** Shapes with a target and a constraint. */
  readonly shapes_with_target: number;
  /** Shapes among them whose target selects no node. */
  readonly shapes_without_focus_nodes: number;
  /** Distinct nodes that any target selects. */
  readonly focus_nodes: number;
  /** Gates that were evaluated; only in runs with gates. */
  readonly gates?: number;
  /** Results of every severity. */
  readonly results: number;
  readonly violations: number;
  readonly warnings: number;
  readonly infos: number;
}

/** Validation result. `Violation` documents the fields. */
export interface ReceiptViolation {
  readonly focus_node: string;
  readonly path: string | null;
  readonly value: string | null;
  readonly shape: string;
  readonly source_shape: string;
  readonly source_constraint_component: string;
  readonly source_constraint?: string;
  readonly severity: string;
  readonly message: string;
}

/** Results that a receipt does not list. */
export interface OmittedResults {
  readonly count: number;
  /** SHA-256 of the results as lines of canonical JSON (RFC 8785), each with a line feed, 64 hex digits. */
  readonly sha256: string;
}

/** Reason why a run could not finish. */
export interface ReceiptError extends ReceiptProblem {
  /** Errors that were found beside it: of a document at most 20. Left out when there are none. */
  readonly others?: readonly ReceiptProblem[];
}

/** An error, and where it is. */
export interface ReceiptProblem {
  readonly code: AgentErrorCode;
  readonly message: string;
  /** Position in an input; `null` for errors without one. */
  readonly name: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly excerpt: string | null;
  readonly expected: string | null;
}

/** Measured wall-clock times in milliseconds. A stage that was not reached has none. */
export interface ReceiptDurations {
  readonly parse?: number;
  readonly canonicalize?: number;
  readonly validate?: number;
  /** The 20 shapes that took longest, the longest first: a part of `validate`. Left out when none was evaluated. */
  readonly shapes?: readonly ShapeDuration[];
  readonly total: number;
}

/** Time that one shape took on all its focus nodes. */
export interface ShapeDuration {
  readonly shape: string;
  readonly focus_nodes: number;
  /** In milliseconds. */
  readonly evaluate: number;
}

/** Part of a receipt that depends on the inputs alone. */
export interface ValidationFindings {
  readonly kind: 'validation-receipt';
  readonly version: 1;
  readonly status: ReceiptStatus;
  readonly message: string;
  /**
   * True when there is no result of any severity, as SHACL defines it. `null` when nothing was validated, or when there is
   * no result but a part of the shapes was not evaluated.
   */
  readonly conforms: boolean | null;
  readonly files_validated: number;
  readonly inputs: readonly ReceiptInput[];
  readonly data_graph: ReceiptGraph | null;
  readonly shapes_graph: ReceiptGraph | null;
  /** Source of the shapes: documents given as shapes, or the spec itself. */
  readonly shapes_source: 'shapes' | 'spec';
  readonly counts: ReceiptCounts | null;
  /** First results, in a fixed order; `counts` has the number of all. */
  readonly violations: readonly ReceiptViolation[];
  /** `null` when the receipt lists all results. */
  readonly omitted_results: OmittedResults | null;
  /** Parts of the shapes that were not checked. */
  readonly not_evaluated: readonly string[];
  /**
   * `sha256:` and 64 hex digits over graph hashes and results without messages. Line ends, comments, labels of blank nodes
   * and names of documents do not change it. `null` when the run failed or a graph has no hash.
   */
  readonly findings_hash: string | null;
  readonly error: ReceiptError | null;
}

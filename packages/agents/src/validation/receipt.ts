import canonicalize from 'canonicalize';
import type { AgentErrorCode } from '../errors.ts';
import type { RdfFormat } from '../rdf/input-file.ts';
import { sha256Hex } from '../rdf/input-file.ts';

/** How a run ended, as the receipts table has it. */
export type ValidationStatus = 'success' | 'error' | 'partial';

/** An input as it was read. */
export interface ReceiptInput {
  /** Base name, without folders. */
  readonly name: string;
  readonly role: 'spec' | 'shapes';
  /** `null` where it could not be told. */
  readonly format: RdfFormat | null;
  readonly bytes: number;
  /** Of the bytes, 64 hex digits. */
  readonly sha256: string;
  /** `null` where the run ended before it was read. */
  readonly quads: number | null;
}

/** A graph as it was validated. */
export interface ReceiptGraph {
  /** SHA-256 of the canonical N-Quads (RDFC-1.0), 64 hex digits. */
  readonly sha256: string;
  readonly quads: number;
  readonly blank_nodes: number;
}

/** How much there was to validate and what came out. */
export interface ReceiptCounts {
  /** Node and property shapes, nested ones too. */
  readonly shapes: number;
  /** Those with a target and a constraint. */
  readonly shapes_with_target: number;
  /** Those of them whose target picked no node. */
  readonly shapes_without_focus_nodes: number;
  /** Different nodes picked by any target. */
  readonly focus_nodes: number;
  /** All results, whatever their severity. */
  readonly results: number;
  readonly violations: number;
  readonly warnings: number;
  readonly infos: number;
}

/** A validation result; see `Violation` for what the fields hold. */
export interface ReceiptViolation {
  readonly focus_node: string;
  readonly path: string | null;
  readonly value: string | null;
  readonly shape: string;
  readonly source_shape: string;
  readonly source_constraint_component: string;
  readonly severity: string;
  readonly message: string;
}

/** Why a run could not be finished. */
export interface ReceiptError {
  readonly code: AgentErrorCode;
  readonly message: string;
  /** Where in an input, for errors that have a place. */
  readonly name: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly excerpt: string | null;
  readonly expected: string | null;
}

/** Measured wall-clock times in milliseconds. A stage that was not reached is missing. */
export interface ReceiptDurations {
  readonly parse?: number;
  readonly canonicalize?: number;
  readonly validate?: number;
  readonly total: number;
}

/** The part of a receipt that depends on the inputs alone. */
export interface ValidationFindings {
  readonly kind: 'validation-receipt';
  readonly version: 1;
  readonly status: ValidationStatus;
  readonly message: string;
  /** By SHACL: no result of any severity. `null` where nothing was validated. */
  readonly conforms: boolean | null;
  readonly files_validated: number;
  readonly inputs: readonly ReceiptInput[];
  readonly data_graph: ReceiptGraph | null;
  readonly shapes_graph: ReceiptGraph | null;
  /** Where the shapes came from: files given as shapes, or the spec itself. */
  readonly shapes_source: 'shapes' | 'spec';
  readonly counts: ReceiptCounts | null;
  readonly violations: readonly ReceiptViolation[];
  /** What the shapes ask for beyond SHACL Core and nobody checked. */
  readonly not_evaluated: readonly string[];
  readonly error: ReceiptError | null;
}

/** What a validation run leaves behind. */
export interface ValidationReceipt extends ValidationFindings {
  readonly execution_id: string;
  readonly agent_id: string;
  readonly agent_type: 'validation';
  /** ISO 8601 with Z. */
  readonly started_at: string;
  readonly finished_at: string;
  readonly durations_ms: ReceiptDurations;
  /** `sha256:` and 64 hex digits over the canonical JSON (RFC 8785) of {@link ValidationFindings}. */
  readonly determinism_hash: string;
}

/**
 * The hash that tells whether two runs found the same: over everything in a receipt but ids, times, durations and
 * itself. The same inputs give the same hash on every machine, in Node and in a page.
 */
export function determinismHash(findings: ValidationFindings): string {
  return `sha256:${sha256Hex(canonicalize(findings) ?? '')}`;
}

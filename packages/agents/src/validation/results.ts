import canonicalize from 'canonicalize';
import type { CanonicalGraph } from '../rdf/canonical-graph.ts';
import { sha256Parts } from '../sha256.ts';
import type { Violation } from '../shacl/violation.ts';
import type { OmittedResults, ReceiptViolation } from './receipt.ts';

/** Results that a receipt lists. More would make it too large to store and read; their hash stands for them. */
export const MAX_LISTED_RESULTS = 1000;

/**
 * Writes every result of a run as a line of canonical JSON (RFC 8785), in the order and form of the receipt. The lines after
 * those that the receipt lists have the hash in its `omitted_results`.
 */
export function resultLines({ violations }: { readonly violations: readonly Violation[] }): string {
  return violations.map(lineOf).join('');
}

function lineOf(violation: Violation): string {
  return `${canonicalize(receiptViolation(violation)) ?? ''}\n`;
}

/** Lists the first results of a run for its receipt, and hashes the rest. */
export function listedResults(violations: readonly Violation[]): {
  readonly listed: readonly ReceiptViolation[];
  readonly omitted: OmittedResults | null;
} {
  const listed = violations.slice(0, MAX_LISTED_RESULTS).map(receiptViolation);
  const rest = violations.slice(MAX_LISTED_RESULTS);
  if (rest.length === 0) return { listed, omitted: null };
  const hash = sha256Parts();
  for (const violation of rest) hash.add(lineOf(violation));
  return { listed, omitted: { count: rest.length, sha256: hash.hex() } };
}

/**
 * Hashes what a run found: graph hashes and results, without messages. Line ends, comments, a byte order mark, labels of blank
 * nodes and names of documents do not change it.
 *
 * @returns `sha256:` and 64 hex digits; `null` when a graph has no hash
 */
export function findingsHash(
  dataGraph: CanonicalGraph | undefined,
  shapesGraph: CanonicalGraph | undefined,
  violations: readonly Violation[],
): string | null {
  const graphs = [dataGraph?.sha256 ?? null, shapesGraph?.sha256 ?? null];
  if (graphs.includes(null)) return null;
  const hash = sha256Parts();
  hash.add(`${JSON.stringify(graphs)}\n`);
  for (const violation of violations) {
    const { focusNode, path, value, sourceShape, sourceConstraintComponent, severity, sourceConstraint } =
      violation;
    const fields = [focusNode, path, value, sourceShape, sourceConstraintComponent, severity];
    hash.add(`${JSON.stringify(sourceConstraint === undefined ? fields : [...fields, sourceConstraint])}\n`);
  }
  return `sha256:${hash.hex()}`;
}

function receiptViolation(violation: Violation): ReceiptViolation {
  return {
    focus_node: violation.focusNode,
    path: violation.path,
    value: violation.value,
    shape: violation.shape,
    source_shape: violation.sourceShape,
    source_constraint_component: violation.sourceConstraintComponent,
    ...(violation.sourceConstraint === undefined ? {} : { source_constraint: violation.sourceConstraint }),
    severity: violation.severity,
    message: violation.message,
  };
}
